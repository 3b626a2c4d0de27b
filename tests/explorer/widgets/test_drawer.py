"""The drawer without a page: its trail, what it is answered, and which numbers a row of the distribution is."""

from __future__ import annotations

import json
from typing import Any

import pytest

from explorer.answers.derived import LEAST_TEMPERATURE
from explorer.widgets.drawer import answered, not_there
from explorer.widgets.token_bars import bar_rows
from explorer.wording.text import TokenLabel
from tests.explorer.widgets.scripts import evaluator

PATTERN = {"kind": "site", "site": "pattern", "layer": 0, "index": [1, 2, 3]}
SCORE = {"kind": "site", "site": "scores", "layer": 0, "index": [1, 2, 3]}
PLAIN = {"temperature": 0.7, "top_k": 0, "top_p": 1, "min_p": 0, "repetition_penalty": 1}


@pytest.fixture(scope="module")
def browser():
    return evaluator("drawer/trail.js", "shared/origins.js")


def test_the_trail_grows_by_a_step_and_is_cut_by_going_back(browser):
    place = json.dumps({"place": SCORE, "name": "Attention score"})
    browser(f"(globalThis.trail = deeper(started({json.dumps(PATTERN)}), {place}))")
    assert [one["place"] for one in browser("trail")] == [PATTERN, SCORE]
    assert browser("back(trail)") == browser("cutAt(trail, 0)") == browser(f"started({json.dumps(PATTERN)})")
    assert browser("back(back(trail))") == browser("back(trail)")


@pytest.mark.parametrize(
    ("other", "same"),
    [
        ({"site": "pattern", "layer": 0, "index": [1, 2, 3]}, True),
        ({**PATTERN, "temperature": 1}, True),
        ({**PATTERN, "layer": 1}, False),
        ({**PATTERN, "index": [1, 2, 4]}, False),
        ({"kind": "share", "index": [2, 3]}, False),
        ({**PATTERN, "after": []}, True),
        ({**PATTERN, "after": [5]}, False),
        ({**PATTERN, "model": "gpt2"}, False),
        ({**PATTERN, "block": [1, 4]}, False),
    ],
)
def test_two_places_are_of_one_number_if_nothing_but_the_usual_is_left_out(browser, other, same):
    assert browser(f"sameNumber({json.dumps(PATTERN)}, {json.dumps(other)})") is same


def test_answers_carry_the_number_of_their_question():
    assert answered(3, {"value": "1.0"}) == {"told": 3, "origin": {"value": "1.0"}}
    assert not_there(4, "Gone.") == {"told": 4, "why": "Gone."}


def origins(browser: Any, settings: dict[str, Any] = PLAIN, parts: dict[str, Any] | None = None) -> dict[str, Any]:
    return browser(f"nextToken(9, 2, {json.dumps(settings)}, {json.dumps(parts or {})})")


def test_a_row_of_the_distribution_is_a_logit_and_while_nothing_is_cut_a_share(browser):
    assert origins(browser) == {
        "logits": {"site": "logits", "layer": None, "index": [2, 9]},
        "share": {"kind": "share", "index": [2, 9], "temperature": 0.7},
    }
    told = origins(browser, parts={"after": [3, 4], "model": "gpt2"})
    assert all(one["after"] == [3, 4] and one["model"] == "gpt2" for one in told.values())
    for changed in ({"top_k": 5}, {"top_p": 0.9}, {"min_p": 0.1}, {"repetition_penalty": 1.2}, {"temperature": 0}):
        told = origins(browser, PLAIN | changed)
        assert told["share"] is None
        assert told["logits"] is not None


def test_the_coldest_share_is_the_same_on_both_sides(browser):
    assert origins(browser, PLAIN | {"temperature": LEAST_TEMPERATURE})["share"] is not None
    assert origins(browser, PLAIN | {"temperature": 0.99 * LEAST_TEMPERATURE})["share"] is None


def test_of_a_text_longer_than_is_read_at_once_the_last_place_is_the_windows(browser):
    assert [browser(f"lastPlace({n}, 16)") for n in (1, 16, 17, 40)] == [0, 15, 15, 15]


def test_bars_hand_on_their_origins_row_by_row():
    labels = [TokenLabel(7, "a", "", True), TokenLabel(8, "b", "", True)]
    plain = bar_rows(labels, ["0", "1"], [0.1, 0.9], ["10 %", "90 %"])
    assert all("origin" not in row for row in json.loads(plain["rows"]))
    told = bar_rows(labels, ["0", "1"], [0.1, 0.9], ["10 %", "90 %"], "", [PATTERN, SCORE])
    assert [row["origin"] for row in json.loads(told["rows"])] == [PATTERN, SCORE]
    with pytest.raises(ValueError, match="shorter"):
        bar_rows(labels, ["0", "1"], [0.1, 0.9], ["10 %", "90 %"], "", [PATTERN])
