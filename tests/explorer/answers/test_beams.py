"""A search as it is told, on a random model: gpt2core's search, beside greedy's text and a sampled one, and refusals."""

from __future__ import annotations

import math

import pytest

from explorer.answers import beams, pace
from explorer.store.services import DEFAULT_MODEL
from gpt2core import beam_search, generate, gpt2_tokenizer
from gpt2core.beam import continuation_log_probabilities
from gpt2core.errors import InvalidSetting
from gpt2core.tokenizer import Tokenizer, gpt2_ranks


def last(services, run, *asked):
    *_, shown = beams.searched(services, run, beams.checked(*asked))
    return shown


def test_the_tree_is_gpt2cores_search_also_past_the_context(services, run):
    shown = last(services, run, 3, 20, 0.5, "never", 7)
    model = services.models.get(DEFAULT_MODEL).model
    found = beam_search(model, run.token_ids, 20, width=3, length_penalty=0.5)
    assert shown.over
    assert list(shown.tree.nodes) == list(found.nodes)
    assert {label.token_id for label in shown.tree.labels} == {node.token_id for node in found.nodes}
    assert shown.tree.best == [node.index for node in found.path(found.hypotheses[0].node)]
    assert f"{len(found.nodes):,} candidates shown" in shown.told


def test_every_text_is_measured_alike(services, run):
    rows = last(services, run, 2, 9, 0.5, "never", 7).tree.rows
    model, tokenizer = services.models.get(DEFAULT_MODEL).model, services.models.tokenizer(DEFAULT_MODEL)
    found = beam_search(model, run.token_ids, 9, width=2, length_penalty=0.5)
    texts = [list(hypothesis.token_ids) for hypothesis in found.hypotheses]
    for settings in ({"temperature": 0.0}, {"temperature": 1.0, "seed": 7}):
        texts.append([step.token_id for step in generate(model, run.token_ids, 9, **settings)])
    assert [row.kind for row in rows] == ["beam 1", "beam 2", "greedy", "sampled"]
    for row, token_ids in zip(rows, texts, strict=True):
        total = float(continuation_log_probabilities(model, run.token_ids, token_ids).sum())
        assert row.text == tokenizer.decode_bytes(token_ids).decode(errors="ignore")
        assert float(row.sum.replace("−", "-")) == pytest.approx(total, abs=2e-4)
        assert float(row.score.replace("−", "-")) == pytest.approx(total / len(token_ids) ** 0.5, abs=2e-4)


def test_a_whole_tree_is_known_by_its_key_and_an_unfinished_one_is_not(services, run, monkeypatch):
    asked = beams.checked(3, 6, 1.0, "text", 1)
    monkeypatch.setattr(beams, "SECONDS_BETWEEN_UPDATES", 0.0)
    *growing, whole = [now.tree for now in beams.searched(services, run, asked) if now.tree is not None]
    assert whole.key == beams.key_of(run, asked)
    assert growing
    assert all(tree.key == "" for tree in growing)
    assert beams.key_of(run, asked) != beams.key_of(run, beams.checked(4, 6, 1.0, "text", 1))


def test_a_search_that_takes_too_long_shows_what_it_has_and_says_so(services, run, monkeypatch):
    clock = iter(range(0, 1_000_000, 3))
    monkeypatch.setattr(pace.time, "monotonic", lambda: float(next(clock)))
    monkeypatch.setattr(beams, "MAX_SECONDS", 120.0)  # two readings for each of 16 tokens, and some for the tree
    shown = last(services, run, 2, 8, 1.0, "never", 1)
    depth = max(node.depth for node in shown.tree.nodes)
    assert 1 <= depth < 8
    assert f"at token {depth} of 8" in shown.told
    assert shown.over
    assert shown.tree.key == ""


def test_a_search_that_has_not_come_to_its_tree_in_time_says_so(services, run, monkeypatch):
    monkeypatch.setattr(beams, "MAX_SECONDS", -1.0)
    shown = last(services, run, 2, 8, 1.0, "never", 1)
    assert shown.over
    assert shown.tree is None
    assert "at token 0 of 8" in shown.told


def test_texts_end_where_they_may(services, run):
    tokenizer = gpt2_tokenizer(300)
    assert beams.stop_ids(tokenizer, "never") == []
    assert beams.stop_ids(tokenizer, "text") == [tokenizer.end_of_text]
    assert beams.stop_ids(tokenizer, "sentence") == [tokenizer.end_of_text, tokenizer.encode(".")[0]]
    endless = Tokenizer(dict(list(gpt2_ranks().items())[:300]), special={})
    assert beams.stop_ids(endless, "text") == []


def test_greedys_path_is_followed_through_the_tree_as_far_as_the_tree_has_it(services, run):
    model = services.models.get(DEFAULT_MODEL).model
    nodes = beam_search(model, run.token_ids, 6, width=1).nodes
    greedy = [step.token_id for step in generate(model, run.token_ids, 6, temperature=0.0)]
    path = beams.path_along(nodes, greedy)
    assert [nodes[index].token_id for index in path] == greedy
    absent = next(token_id for token_id in range(300) if token_id not in {node.token_id for node in nodes})
    assert beams.path_along(nodes, [greedy[0], absent, greedy[2]]) == path[:1]


def test_the_verdict_says_which_text_is_likelier_and_how_much():
    written = {"greedy": [1, 2], "sampled": [3, 4]}
    told = beams.verdict_sentence([5, 6], -2.0, written, {"greedy": -2.0 - math.log(3), "sampled": -1.0})
    assert told.startswith(
        "The best beam is 3 times as likely as greedy's text. The sampled text is 2.72 times as likely"
    )
    told = beams.verdict_sentence([1, 2], -2.0, written, {"greedy": -2.0, "sampled": -2.0})
    assert told.startswith("Greedy found the same text")
    assert told.endswith("The best beam is as likely as the sampled text.")


@pytest.mark.parametrize(
    ("nats", "shown"),
    [
        (0.0, "100 %"),
        (math.log(0.25), "25.0 %"),
        (math.log(1 / 699), "0.143 %, 1 in 699"),
        (-math.log(4.8e6), "< 0.001 %, 1 in 4,800,000"),
        (-100.0, "< 0.001 %, 1 in 2.7 × 10^43"),
    ],
)
def test_small_probabilities_are_read_as_one_in_so_many_too(nats, shown):
    assert beams.odds(nats) == shown


@pytest.mark.parametrize(
    ("asked", "refusal"),
    [
        ((0, 5, 1.0, "text", 1), "The width is 0; choose a whole number from 1 to 8"),
        (("8", 5, 1.0, "text", 1), "The width is '8'"),
        ((4, 31, 1.0, "text", 1), "The number of tokens is 31; choose a whole number from 1 to 30"),
        ((4, None, 1.0, "text", 1), "The number of tokens is nothing"),
        ((4, 5, math.nan, "text", 1), "The length penalty is nan"),
        ((4, 5, True, "text", 1), "The length penalty is True"),
        ((4, 5, 1.0, ["text"], 1), "Choose where a text may end early"),
        ((4, 5, 1.0, "text", 0.5), "The seed is 0.5; choose a whole number from 0"),
    ],
)
def test_what_cannot_be_searched_with_is_refused(asked, refusal):
    with pytest.raises(InvalidSetting, match="hoose") as error:
        beams.checked(*asked)
    assert str(error.value).startswith(refusal)
