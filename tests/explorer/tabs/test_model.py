"""What the Model tab answers to the map, whatever a browser asks."""

from __future__ import annotations

import json

import pytest

from explorer.answers.machine import machine_of, unedited
from explorer.answers.sizes import counts_of
from explorer.store.services import DEFAULT_MODEL, RunKey, Services
from explorer.tabs.model import answer_to, first_guesses, title_of
from explorer.widgets.exchange import answered, asked_of
from explorer.widgets.map import map_value
from gpt2core.errors import Gpt2CoreError

FORGED = [
    {"token": "x"},
    {"token": -1},
    {"token": 4},
    {"token": 1.5},
    {"token": True},
    {"inside": "abc"},
    {"inside": [0, 0]},
    {"inside": [2, 0, 0]},
    {"inside": [0, 3, 0]},
    {"inside": [0, 0, 4]},
    {"inside": [None, None, None]},
    {"settings": {"temperature": "hot"}},
    {"settings": [1]},
]


@pytest.mark.parametrize("asked", FORGED, ids=json.dumps)
def test_what_is_not_there_is_refused_in_a_sentence(services: Services, run: RunKey, asked: dict) -> None:
    with pytest.raises(Gpt2CoreError, match=r"\.$"):
        answer_to(services, run, asked)


@pytest.mark.parametrize("value", [None, 3, "x", [], {}, {"asked": 3}, {"asked": None}])
def test_a_forged_question_asks_nothing(services: Services, run: RunKey, value: object) -> None:
    assert answer_to(services, run, asked_of(value)) == {"run": run.to_json()}


def test_it_answers_what_is_asked_and_no_more(services: Services, run: RunKey) -> None:
    answer = answer_to(services, run, {"token": 2, "inside": [1, 2, 3]})
    assert set(answer["answers"]["guesses"]) == {0, 1, 2, 3}  # a small model tells of all
    assert (answer["inside"]["layer"], answer["inside"]["head"], answer["inside"]["token"]) == (1, 2, 3)
    assert json.loads(answered(answer)["came"])["run"] == run.to_json()


def test_the_settings_of_the_page_reach_the_bars(services: Services, run: RunKey) -> None:
    greedy = {"temperature": 0, "top_k": 0, "top_p": 1, "min_p": 0, "repetition_penalty": 1, "seed": 42}
    told = answer_to(services, run, {"settings": greedy})["answers"]
    assert all(guess["bar_shares"] == [1.0] for guess in told["guesses"].values())


@pytest.mark.parametrize("text", ["a", "abcd", "abcdefghijklmnop"])
def test_one_token_and_a_full_context_have_a_picture_and_a_title(services: Services, text: str) -> None:
    run = services.read(text, DEFAULT_MODEL, "mlp:0")
    machine, before = machine_of(services, run), machine_of(services, unedited(run))
    guesses = first_guesses(services, run)
    assert set(guesses["guesses"]) == set(range(len(text)))
    value = map_value(machine, services.labels(run), counts_of(machine.config), before, guesses)
    assert json.loads(value["about"])["tokens"] == len(text)
    assert "3 heads" in title_of(services, machine, before, guesses)["title"]
