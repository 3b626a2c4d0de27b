"""Numbers of another pass than that of the sentence on screen: of a text continued, of another model, and the largest of a block."""

from __future__ import annotations

import dataclasses
import json
import math
from typing import Any

import numpy as np
import pytest

from explorer.answers.generation import MOST_TOKENS, written
from explorer.answers.origins import origin_of
from explorer.answers.passes import pass_of
from explorer.store.models import DEFAULT_MODEL, UNTRAINED
from explorer.store.services import RunKey, Services
from gpt2core import Gpt2CoreError, Pretrained, generate, trace
from tests.explorer.conftest import CONFIG
from tests.reference import random_model

AFTER = [101, 102, 40]
EDITS = "head:1.2,see:3-1@0.1"


def number(told: str) -> float:
    return float(told.replace("−", "-"))


def share_after(after: list[int], token_id: int, n_tokens: int = 4, **parts: Any) -> dict[str, Any]:
    return {"kind": "share", "index": [n_tokens + len(after) - 1, token_id], "after": after, **parts}


@pytest.mark.parametrize("edits", ["", EDITS], ids=["as it is", "edited"])
def test_shares_after_what_was_written_are_those_that_it_was_drawn_by(services: Services, edits: str) -> None:
    run = services.read("abcd", DEFAULT_MODEL, edits)
    model = services.models.get(run.model).model
    written: list[int] = []
    for step in generate(model, run.token_ids, 5, seed=3, edits=run.pass_edits):
        told = origin_of(services, run, share_after(written, step.token_id))
        assert number(told["value"]) == pytest.approx(step.probability, rel=1e-5)
        logs = origin_of(services, run, {**share_after(written, step.token_id), "kind": "log_share"})
        assert number(logs["value"]) == pytest.approx(step.log_probability, rel=1e-5)
        written.append(step.token_id)


def test_beyond_what_the_model_reads_at_once_it_is_the_window_that_is_read(services: Services, run: RunKey) -> None:
    model = services.models.get(run.model).model
    steps = list(generate(model, run.token_ids, 20, seed=5))
    after = [step.token_id for step in steps[:-1]]
    told = origin_of(services, run, {"kind": "share", "index": [15, steps[-1].token_id], "after": after})
    assert number(told["value"]) == pytest.approx(steps[-1].probability, rel=1e-5)
    assert "That makes 23 tokens; the model reads the last 16" in told["whose"]


def test_every_operand_stays_in_the_text_that_was_continued(services: Services, run: RunKey) -> None:
    place: dict[str, Any] | None = share_after(AFTER, 65)
    seen = trace(services.models.get(run.model).model, [*run.token_ids, *AFTER])
    for _ in range(6):
        told = origin_of(services, run, place)
        operands = [operand for term in told["terms"] for operand in (term, *term["factors"])] + told["common"]
        assert all(operand["place"]["after"] == AFTER for operand in operands if operand["place"])
        assert told["place"]["after"] == AFTER
        assert told["home"] is None
        assert "continued: the 3 tokens “" in told["whose"]
        if told["place"]["kind"] == "site":
            there = seen[told["place"]["site"], told["place"]["layer"]][tuple(told["place"]["index"])]
            assert np.float32(number(told["value"])) == pytest.approx(np.float32(there), rel=1e-5)
        place = told["terms"][0]["place"]
        assert place is not None
        json.dumps(told, allow_nan=False)


def test_tokens_are_named_by_the_text_that_was_continued(services: Services, run: RunKey) -> None:
    told = origin_of(services, run, {"site": "pattern", "layer": 0, "index": [1, 6, 4], "after": AFTER})
    label = services.labels(pass_of(services, run, {"after": AFTER}).run)[6].text
    assert told["title"].startswith(f"Attention pattern, layer 0, head 1: from “{label}” (6) at “")


def test_nothing_written_is_the_sentence_itself(services: Services, run: RunKey) -> None:
    told = origin_of(services, run, {"kind": "share", "index": [3, 65], "after": [], "model": run.model})
    assert told == origin_of(services, run, {"kind": "share", "index": [3, 65]})
    assert told["home"] is not None


@pytest.mark.parametrize("after", [[], AFTER], ids=["the sentence", "continued"])
def test_another_models_number_is_of_that_model_without_the_edits_on_screen(
    services: Services, after: list[int]
) -> None:
    run = services.read("abcd", DEFAULT_MODEL, "head:1.2")
    for name, whose in ((UNTRAINED, "Of another model than the one on screen: "), (DEFAULT_MODEL, "as it is, without")):
        told = origin_of(services, run, share_after(after, 65, model=name))
        seen = trace(services.models.get(name).model, [*run.token_ids, *after])
        assert number(told["value"]) == pytest.approx(float(seen["logits"][-1].softmax(-1)[65]), rel=1e-5)
        assert whose in told["whose"]
        assert told["home"] is None
        assert told["terms"][0]["place"]["model"] == name


@pytest.mark.parametrize("edits", ["", EDITS], ids=["as it is", "edited"])
@pytest.mark.parametrize("model", [None, DEFAULT_MODEL])
def test_the_snippet_prints_the_number_of_the_text_continued(services, edits, model, capsys):
    run = services.read("abcd", DEFAULT_MODEL, edits)
    told = origin_of(services, run, share_after(AFTER, 65, model=model))
    exec(told["snippet"], {})
    assert float(capsys.readouterr().out) == pytest.approx(number(told["value"]), rel=1e-4)


def test_of_a_block_it_is_the_largest(services: Services, run: RunKey) -> None:
    pattern = trace(services.models.get(run.model).model, run.token_ids)["pattern", 1]
    told = origin_of(services, run, {"site": "pattern", "layer": 1, "index": [2, 3, 0], "block": [1, 4]})
    assert told["place"]["index"] == [2, 3, int(pattern[2, 3].argmax())]
    told = origin_of(services, run, {"site": "pattern", "layer": 1, "index": [0, 2, 0], "block": [2, 2]})
    assert np.float32(number(told["value"])) == np.float32(pattern[0, 2:4, 0:2].max())


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"after": "abc"}, "no place of a number"),
        ({"after": {"0": 1}}, "no place of a number"),
        ({"after": 3}, "no place of a number"),
        ({"after": [300]}, "300 is no token of this model; token ids are whole numbers from 0 to 299"),
        ({"after": [50_256]}, "50256 is no token of this model"),
        ({"after": [1, -1]}, "-1 is no token"),
        ({"after": [math.nan]}, "nan is no token"),
        ({"after": [1.5]}, "1.5 is no token"),
        ({"after": [True]}, "True is no token"),
        ({"after": ["<b>" * 900]}, "is no token"),
        ({"after": [[1]]}, "[1] is no token"),
        ({"after": [1] * (MOST_TOKENS + 1)}, "501 tokens were written after the sentence; the page follows 500"),
        ({"model": "gpt-5"}, "gpt-5"),
        ({"model": 7}, "no place of a number"),
        ({"model": ["x"]}, "no place of a number"),
        ({"site": "pattern", "layer": 0, "index": [0, 0, 0], "block": [0, 2]}, "no place of a number"),
        ({"site": "pattern", "layer": 0, "index": [0, 0, 0], "block": [1, math.inf]}, "no place of a number"),
        ({"site": "pattern", "layer": 0, "index": [0, 0, 0], "block": "2"}, "no place of a number"),
        ({"site": "pattern", "layer": 0, "index": [0, 4, 0], "block": [1, 2]}, "pattern has no t = 4 here"),
        ({"site": "pattern", "layer": 0, "index": [0, -1, 0], "block": [1, 2]}, "pattern has no t = -1 here"),
        ({"site": "pattern", "layer": 0, "index": [0, 0], "block": [1, 2]}, "a tuple of whole numbers"),
        ({"site": "patern", "layer": 0, "index": [0, 0, 0], "block": [1, 2]}, "There is no site called 'patern'"),
        ({"kind": "share", "index": [0, 0], "block": [1, 2]}, "no place of a number"),
    ],
    ids=lambda told: str(told)[:60],
)
def test_what_is_no_other_pass_is_refused_in_a_sentence(
    services: Services, run: RunKey, asked: dict[str, Any], told: str
) -> None:
    with pytest.raises(Gpt2CoreError) as refused:
        origin_of(services, run, asked if "index" in asked else {"kind": "share", "index": [0, 65], **asked})
    assert told in str(refused.value)
    assert len(str(refused.value)) < 400


def test_a_text_as_the_generation_tab_writes_it_can_be_followed_token_by_token(services: Services, run: RunKey) -> None:
    settings = {"temperature": 0.7, "top_k": 0, "top_p": 1, "min_p": 0, "repetition_penalty": 1, "seed": 2}
    request = {"job": 1, "run": run.to_json(), "path": [], "n": 3, "stop": False, "settings": settings}
    tokens = [token for piece in written(services, run, request) for token in piece.fresh]
    after = [token.token_id for token in tokens[:2]]
    for alternative, _ in tokens[2].found:
        told = origin_of(services, run, share_after(after, alternative.token_id, temperature=0.7))
        assert number(told["value"]) == pytest.approx(alternative.probability, rel=1e-4)
        own = origin_of(services, run, share_after(after, alternative.token_id))
        assert math.log(number(own["value"])) == pytest.approx(alternative.log_probability, rel=1e-4, abs=1e-5)


def test_a_row_of_the_table_that_no_token_uses_has_its_id_for_a_name(services: Services) -> None:
    model = random_model(dataclasses.replace(CONFIG, vocab_size=310))
    name = services.models.add_trained(Pretrained(model, services.models.tokenizer(DEFAULT_MODEL)))
    run = services.read("abcd", name)
    told = origin_of(services, run, {"site": "embed", "layer": None, "index": [4, 0], "after": [309]})
    assert told["title"] == "Token row + position row of “#309” (4), dimension 0"
    with pytest.raises(Gpt2CoreError, match="310 is no token of this model"):
        origin_of(services, run, {"site": "embed", "layer": None, "index": [4, 0], "after": [310]})
