"""What the Scoring tab shows, on a random model: gpt2core's score of the text, its whole in words, and refusals."""

from __future__ import annotations

import math

import pytest
import torch

from explorer.answers import pace, scoring
from explorer.answers.scoring import Scored, checked_ids, number, summary_of
from explorer.store.services import DEFAULT_MODEL, TextTooLong
from explorer.wording.numbers import nats_and_bits
from gpt2core import gpt2_tokenizer
from gpt2core.edits import zero_layer
from gpt2core.errors import InvalidSetting
from gpt2core.scoring import TextScore, score_text
from tests.explorer.conftest import CONFIG

LONG = "A text that is a good deal longer than sixteen of its tokens. é漢"


def score_of(services, text) -> TextScore:
    return score_text(services.models.get(DEFAULT_MODEL).model, services.models.tokenizer(DEFAULT_MODEL).encode(text))


def last(services, run, text, token) -> Scored:
    *_, found = scoring.scored(services, run, text, token)
    return found


def test_the_sentence_is_scored_and_shares_the_cursor(services, run):
    found = last(services, run, run.text, 2)
    assert found.over
    assert found.follows
    assert found.selected == 2
    assert found.score.token_ids == run.token_ids
    assert "Your sentence" in found.told


def test_a_text_longer_than_the_context_is_scored_in_windows_and_that_is_said(services, run):
    found, score = last(services, run, LONG, 2), score_of(services, LONG)
    assert found.score.token_ids == score.token_ids
    assert len(score.token_ids) > CONFIG.context_length
    assert f"in {score.n_windows} overlapping stretches" in found.told
    assert "at least 8 tokens before it" in found.told
    assert not found.follows
    assert found.selected == int(score.losses.argmax()) + 1  # the greatest surprise


def test_every_token_named_on_the_page_has_its_label(services, run):
    found, score = last(services, run, LONG, 0), score_of(services, LONG)
    assert {label.token_id for label in found.labels} == {*score.token_ids, *score.alternatives.flatten().tolist()}


def test_the_changed_model_is_the_one_that_scores(services):
    run = services.read("abcd", DEFAULT_MODEL, "layer:0")
    model = services.models.get(DEFAULT_MODEL).model
    found = last(services, run, run.text, 0)
    torch.testing.assert_close(found.score.losses, score_text(model, run.token_ids, edits=[zero_layer(0)]).losses)
    assert not torch.equal(found.score.losses, score_text(model, run.token_ids).losses)


def test_the_whole_is_told_in_numbers_that_agree(services):
    tokenizer, score = services.models.tokenizer(DEFAULT_MODEL), score_of(services, LONG)
    summary = summary_of(score, tokenizer, CONFIG.vocab_size)
    facts = dict(summary.facts)
    mean = float(score.losses.mean())
    n_bytes = len(LONG.encode()) - len(tokenizer.decode_bytes(score.token_ids[:1]))
    per_byte = float(score.losses.sum()) / n_bytes
    assert facts["perplexity"] == number(math.exp(mean))
    assert facts["mean surprise (loss)"] == f"{nats_and_bits(mean)} a token"
    assert facts["in bytes"] == f"{nats_and_bits(per_byte)} a byte"
    assert facts["first guess right"].startswith(f"{int((score.ranks == 1).sum())} of {len(score.losses)} (")
    knows_something = summary_of(score, tokenizer, math.ceil(math.exp(mean))).meaning
    assert f"choice among {number(math.exp(mean))} equally likely tokens" in knows_something
    knows_less_than_nothing = summary_of(score, tokenizer, math.floor(math.exp(mean))).meaning
    assert "worse than knowing nothing" in knows_less_than_nothing


def test_scoring_that_takes_too_long_shows_what_it_has_and_says_so(services, run, monkeypatch):
    clock = iter(range(0, 100_000, 50))
    monkeypatch.setattr(pace.time, "monotonic", lambda: float(next(clock)))
    found = last(services, run, LONG * 3, 0)
    done = len(found.score.token_ids)
    assert CONFIG.context_length <= done < 60
    assert f"{done} of" in found.told
    assert found.over


def test_numbers_of_any_size_are_readable():
    assert [number(value) for value in (1.954, 110.14, 50_257.0, 2e30, math.inf)] == [
        "1.95",
        "110.14",
        "50,257",
        "2.00e+30",
        "inf",
    ]


def test_a_hopeless_score_is_shown_too(services):
    tokenizer, n = services.models.tokenizer(DEFAULT_MODEL), 3
    losses = torch.full((n,), 800.0, dtype=torch.float64)  # e^800 is beyond float64
    ids = torch.zeros(n, 5, dtype=torch.long)
    score = TextScore((1, 2, 3, 4), losses, torch.ones(n, dtype=torch.long), ids[:, 0], ids, ids.double(), 1)
    assert dict(summary_of(score, tokenizer, 300).facts)["perplexity"] == "inf"


def test_what_cannot_be_scored_is_refused():
    tokenizer = gpt2_tokenizer(300)
    with pytest.raises(InvalidSetting, match="single token"):
        checked_ids("a", tokenizer)
    with pytest.raises(InvalidSetting, match=r"3,001 tokens long; .* at most 3,000. Remove about 1 token\."):
        checked_ids("a" * 3001, tokenizer)
    with pytest.raises(TextTooLong):
        checked_ids("a" * 100_001, tokenizer)
    assert len(checked_ids("a" * 3000, tokenizer)) == 3000
