"""Text after a sentence, on a random model: generate's tokens however they are asked for, and refusals before any."""

from __future__ import annotations

import itertools
import json
import math

import pytest

from explorer.answers import generation
from explorer.store.services import DEFAULT_MODEL
from explorer.tabs.generation import pieces
from gpt2core import generate
from gpt2core.errors import InvalidSetting, TokenOutOfRange
from gpt2core.sampling import falling_order
from tests.explorer.conftest import CONFIG

SETTINGS = {"temperature": 0.8, "top_k": 20, "top_p": 0.95, "min_p": 0.01, "repetition_penalty": 1.1}
END = 299


def request_for(run, n, path=(), *, seed=5, stop=False, settings=SETTINGS, **more):
    asked = {"job": 3, "run": run.to_json(), "path": list(path), "n": n, "stop": stop}
    return {**asked, "settings": {**settings, "seed": seed}, **more}


def answer(services, run, request):
    *_, last = pieces(generation.written(services, run, request))
    lines = [json.loads(line) for line in last["lines"].splitlines()]
    names = ("id", "text", "bytes", "tint", "probability", "own", "rank")
    others = [[dict(zip(names, other, strict=True)) for other in found] for _, found in lines]
    return last, [{"id": token_id, "others": found} for (token_id, _), found in zip(lines, others, strict=True)]


def reference(services, run, n, *, seed=5, settings=SETTINGS, stop_ids=()):
    model = services.models.get(DEFAULT_MODEL).model
    return list(generate(model, run.token_ids, n, **settings, seed=seed, stop_ids=stop_ids))


def test_what_is_written_equals_generate_with_the_same_seed_also_past_the_context(services, run):
    last, tokens = answer(services, run, request_for(run, 30))
    steps = reference(services, run, 30)
    assert [token["id"] for token in tokens] == [step.token_id for step in steps]
    for token, step in zip(tokens, steps, strict=True):
        own = next(other for other in token["others"] if other["id"] == token["id"])
        assert own["probability"] == step.probability
        assert own["own"] == pytest.approx(math.log(float(step.logits.double().softmax(-1)[step.token_id])))
        assert own["rank"] == falling_order(step.logits).tolist().index(step.token_id) + 1
        assert len(token["others"]) in (generation.N_ALTERNATIVES, generation.N_ALTERNATIVES + 1)
    assert (last["state"], last["job"]) == ("done", 3)
    assert json.loads(last["settings"]) == [0.8, 20, 0.95, 0.01, 1.1, 5]


def test_stepped_paused_and_resumed_it_is_the_same_text(services, run):
    whole = [step.token_id for step in reference(services, run, 30)]
    path: list[int] = []
    for n in (1, 1, 7, 1, 12, 8):
        _, tokens = answer(services, run, request_for(run, n, path))
        path += [token["id"] for token in tokens]
    assert path == whole


def test_after_a_forced_token_it_goes_on_from_there_with_the_same_luck(services, run):
    path = [step.token_id for step in reference(services, run, 6)]
    path[3:] = [(path[3] + 1) % 256]
    _, tokens = answer(services, run, request_for(run, 9, path))
    model = services.models.get(DEFAULT_MODEL).model
    steps = generate(model, [*run.token_ids, *path], 9, **SETTINGS, seed=5)
    assert [token["id"] for token in tokens] == [step.token_id for step in steps]


def test_lines_only_grow_so_that_an_update_carries_what_is_new(services, run, monkeypatch):
    monkeypatch.setattr(generation, "SECONDS_BETWEEN_UPDATES", 0.0)
    seen = [piece["lines"] for piece in pieces(generation.written(services, run, request_for(run, 6)))]
    assert len(seen) == 6
    assert all(later.startswith(earlier) and later != earlier for earlier, later in itertools.pairwise(seen))


def test_it_stops_at_end_of_text_only_when_asked(services, run):
    flat = {**SETTINGS, "temperature": 1e6, "top_k": 0, "top_p": 1.0, "min_p": 0.0, "repetition_penalty": 1.0}
    seed = next(
        seed
        for seed in range(500)
        if END in [step.token_id for step in reference(services, run, 20, seed=seed, settings=flat)]
    )
    whole = [step.token_id for step in reference(services, run, 40, seed=seed, settings=flat)]
    last, tokens = answer(services, run, request_for(run, 40, seed=seed, settings=flat, stop=True))
    assert last["state"] == "ended"
    assert [token["id"] for token in tokens] == whole[: whole.index(END) + 1]
    ended = next(other for other in tokens[-1]["others"] if other["id"] == END)
    assert ended["text"] == "<|endoftext|>"
    last, tokens = answer(services, run, request_for(run, 40, seed=seed, settings=flat))
    assert last["state"] == "done"
    assert [token["id"] for token in tokens] == whole


def test_what_takes_too_long_is_cut_and_said_and_what_was_written_is_kept(services, run, monkeypatch):
    monkeypatch.setattr(generation, "MAX_SECONDS", -1.0)
    last, tokens = answer(services, run, request_for(run, 9))
    assert last["state"] == "late"
    assert "1 token of 9" in last["said"]
    assert tokens[0]["id"] == reference(services, run, 1)[0].token_id


@pytest.mark.parametrize("n", [0, 2.5, 501, 1_000_000, None, "7", True, float("nan"), float("inf"), [3]])
def test_a_wrong_number_of_tokens_is_refused(services, run, n):
    with pytest.raises(InvalidSetting, match="whole number from 1 to 500"):
        next(generation.written(services, run, request_for(run, n)))


def test_a_branch_beyond_its_most_is_refused(services, run):
    path = [65] * 498
    assert len(answer(services, run, request_for(run, 2, path))[1]) == 2
    with pytest.raises(InvalidSetting, match="501 tokens long; it holds at most 500"):
        next(generation.written(services, run, request_for(run, 3, path)))


@pytest.mark.parametrize("path", [None, "abc", [1.5], [True], ["1"], [None], [65] * 501, {"0": 1}, [[1]]])
def test_a_path_that_is_none_is_refused(services, run, path):
    with pytest.raises(InvalidSetting, match="cannot be read"):
        next(generation.written(services, run, request_for(run, 1) | {"path": path}))


@pytest.mark.parametrize("token_id", [-1, 300, 10**30])
def test_an_id_outside_the_vocabulary_is_refused(services, run, token_id):
    with pytest.raises(TokenOutOfRange):
        next(generation.written(services, run, request_for(run, 1, [token_id])))


@pytest.mark.parametrize("request_", [None, 7, "x", [], [1]])
def test_a_request_of_another_form_is_refused(services, run, request_):
    with pytest.raises(InvalidSetting, match="cannot be read"):
        next(generation.written(services, run, request_))


def test_the_text_of_another_sentence_is_not_gone_on_with(services, run):
    other = services.read("efgh", DEFAULT_MODEL)
    with pytest.raises(InvalidSetting, match="has just changed"):
        next(generation.written(services, other, request_for(run, 1, [65])))


@pytest.mark.parametrize(
    "wrong",
    [{"temperature": -1}, {"top_k": 2.5}, {"top_p": 1.5}, {"min_p": None}, {"repetition_penalty": 0}, {"seed": -1}],
    ids=str,
)
def test_wrong_settings_are_refused(services, run, wrong):
    request = request_for(run, 5)
    with pytest.raises(InvalidSetting):
        next(generation.written(services, run, {**request, "settings": {**request["settings"], **wrong}}))
    with pytest.raises(InvalidSetting):
        next(generation.written(services, run, {**request, "settings": None}))


def test_a_prompt_at_the_context_limit_is_continued(services):
    full = services.read("a" + " b" * 7 + "c" * 8, DEFAULT_MODEL)
    assert len(full.token_ids) == CONFIG.context_length
    _, tokens = answer(services, full, request_for(full, 6))
    assert [token["id"] for token in tokens] == [step.token_id for step in reference(services, full, 6)]
