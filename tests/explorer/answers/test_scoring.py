"""What the Scoring tab shows, on a random model: gpt2core's score of the text, its whole in words, and refusals."""

from __future__ import annotations

import json
import math

import pytest
import torch

from explorer.store.services import DEFAULT_MODEL, RunKey, Services, TextTooLong
from explorer.tabs import scoring
from explorer.tabs.scoring import checked_ids, key_of, number, summary_of, token_table
from gpt2core import GPTConfig, gpt2_tokenizer, save_pretrained
from gpt2core.errors import InvalidSetting
from gpt2core.scoring import TextScore, score_text
from tests.reference import random_model

CONFIG = GPTConfig(vocab_size=300, context_length=16, emb_dim=24, n_heads=3, n_layers=2, qkv_bias=True, tied_head=True)
LONG = "A text that is a good deal longer than sixteen of its tokens. é漢"


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Services:
    folder = tmp_path_factory.mktemp("checkpoints")
    save_pretrained(random_model(CONFIG), folder / DEFAULT_MODEL, tokenizer=gpt2_tokenizer(CONFIG.vocab_size))
    return Services(folder)


@pytest.fixture(scope="module")
def run(services) -> RunKey:
    return services.read("abcd", DEFAULT_MODEL)


def score_of(services, text) -> TextScore:
    return score_text(services.models.get(DEFAULT_MODEL).model, services.models.tokenizer(DEFAULT_MODEL).encode(text))


def test_the_sentence_is_scored_and_shares_the_cursor(services, run):
    *_, (shown, told, table) = scoring.scoring(services, run, run.text, 2)
    assert shown["follows"]
    assert shown["selected"] == 2
    assert shown["key"] == key_of(DEFAULT_MODEL, "abcd")
    assert json.loads(shown["score"])["ids"] == list(run.token_ids)
    assert "Your sentence" in told["text"]
    assert len(table) == len(run.token_ids)


def test_a_text_longer_than_the_context_is_scored_in_windows_and_that_is_said(services, run):
    *_, (shown, told, _) = scoring.scoring(services, run, LONG, 2)
    score = score_of(services, LONG)
    assert json.loads(shown["score"])["ids"] == list(score.token_ids)
    assert len(score.token_ids) > CONFIG.context_length
    assert f"in {score.n_windows} overlapping stretches" in told["text"]
    assert "at least 8 tokens before it" in told["text"]
    assert not shown["follows"]
    assert shown["selected"] == int(score.losses.argmax()) + 1  # the greatest surprise


def test_every_token_named_on_the_page_has_its_label(services, run):
    *_, (shown, _, _) = scoring.scoring(services, run, LONG, 0)
    sent, score = json.loads(shown["score"]), score_of(services, LONG)
    assert {int(token_id) for token_id in sent["labels"]} == {*score.token_ids, *score.alternatives.flatten().tolist()}


def test_the_whole_is_told_in_numbers_that_agree(services):
    tokenizer, score = services.models.tokenizer(DEFAULT_MODEL), score_of(services, LONG)
    summary = summary_of(score, tokenizer, CONFIG.vocab_size)
    facts = dict(summary.facts)
    mean = float(score.losses.mean())
    n_bytes = len(LONG.encode()) - len(tokenizer.decode_bytes(score.token_ids[:1]))
    per_byte = float(score.losses.sum()) / n_bytes
    assert facts["perplexity"] == number(math.exp(mean))
    assert facts["mean surprise (loss)"] == f"{mean:.4f} nats a token"
    assert facts["in bytes"] == f"{per_byte:.4f} nats = {per_byte / math.log(2):.4f} bits a byte"
    assert facts["first guess right"].startswith(f"{int((score.ranks == 1).sum())} of {len(score.losses)} (")
    knows_something = summary_of(score, tokenizer, math.ceil(math.exp(mean))).meaning
    assert f"choice among {number(math.exp(mean))} equally likely tokens" in knows_something
    knows_less_than_nothing = summary_of(score, tokenizer, math.floor(math.exp(mean))).meaning
    assert "worse than knowing nothing" in knows_less_than_nothing


def test_the_table_has_a_row_a_token_and_the_first_has_no_numbers(services):
    score = score_of(services, LONG)
    table = token_table(score, services.models.tokenizer(DEFAULT_MODEL))
    assert table["id"].tolist() == list(score.token_ids)
    assert table["rank"].tolist() == ["", *score.ranks.tolist()]
    assert table["probability"].tolist()[1:] == pytest.approx(score.losses.neg().exp().tolist())
    assert table["surprise, bits"].tolist()[1:] == pytest.approx((score.losses / math.log(2)).tolist())


def test_scoring_that_takes_too_long_shows_what_it_has_and_says_so(services, run, monkeypatch):
    clock = iter(range(0, 100_000, 50))
    monkeypatch.setattr(scoring.time, "monotonic", lambda: float(next(clock)))
    *_, (shown, told, table) = scoring.scoring(services, run, LONG * 3, 0)
    done = len(json.loads(shown["score"])["ids"])
    assert CONFIG.context_length <= done < 60
    assert f"{done} of" in told["text"]
    assert len(table) == done
    assert shown["key"] == ""


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
