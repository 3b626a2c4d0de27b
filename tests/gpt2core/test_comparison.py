from __future__ import annotations

import math

import pytest
import torch
from torch.nn import functional as F

from gpt2core import GPTConfig, gpt2_tokenizer, trace
from gpt2core.comparison import (
    Spread,
    first_bytes,
    kl_divergence_nats,
    parting,
    renamed,
    same_tokens,
    spread,
    text_scores,
    token_ends,
    total_variation,
)
from gpt2core.errors import InvalidSetting
from gpt2core.sampling import gumbel_noise
from gpt2core.tokenizer import Tokenizer, gpt2_ranks
from tests.reference import random_model

SMALL, LARGE = gpt2_tokenizer(300), gpt2_tokenizer(1024)
TEXT = "the other one, then another"


def config(vocab_size: int) -> GPTConfig:
    return GPTConfig(vocab_size, 64, 24, 3, 2, qkv_bias=True, tied_head=True)


def test_beginnings_of_gpt2s_vocabulary_share_their_ids_but_for_the_end_of_text():
    names = same_tokens(SMALL, LARGE)
    assert names.tolist() == [*range(299), 1023]
    back = same_tokens(LARGE, SMALL)
    assert back[1023] == 299
    assert back[:299].tolist() == list(range(299))
    assert set(back[299:1023].tolist()) == {-1}  # 299 is an ordinary token there, and no end of text


def test_a_row_without_a_token_has_no_counterpart():
    padded = Tokenizer(dict(list(gpt2_ranks().items())[:299]), vocab_size=320)
    assert same_tokens(padded, SMALL)[300:].tolist() == [-1] * 20
    assert same_tokens(SMALL, padded).tolist() == list(range(300))


def test_renaming_loses_exactly_what_the_other_vocabulary_lacks():
    p = torch.softmax(torch.randn(1024, generator=torch.Generator().manual_seed(1), dtype=torch.float64), -1)
    moved, lost = renamed(p, same_tokens(LARGE, SMALL), 300)
    assert torch.equal(moved[:299], p[:299])
    assert moved[299] == p[1023]
    assert lost == pytest.approx(float(p[299:1023].sum()))


def test_distances_of_hand_made_distributions():
    p, q = torch.tensor([0.5, 0.5, 0.0]), torch.tensor([0.25, 0.25, 0.5])
    assert total_variation(p, q) == total_variation(q, p) == 0.5
    assert kl_divergence_nats(p, q) == pytest.approx(math.log(2))
    assert kl_divergence_nats(q, p) == math.inf
    assert total_variation(p, p) == kl_divergence_nats(p, p) == 0


def test_divergence_is_torchs_own():
    p, q = torch.softmax(torch.randn(2, 50, generator=torch.Generator().manual_seed(2), dtype=torch.float64), -1)
    assert kl_divergence_nats(p, q) == pytest.approx(float(F.kl_div(q.log(), p, reduction="sum")))


def test_first_bytes_add_up_the_tokens_that_begin_with_them():
    p = torch.softmax(torch.randn(300, generator=torch.Generator().manual_seed(3), dtype=torch.float64), -1)
    by_byte = first_bytes(p, SMALL)
    with_space = [token_id for token_id in range(299) if SMALL.token_bytes(token_id).startswith(b" ")]
    assert len(with_space) > 5
    assert float(by_byte[ord(" ")]) == pytest.approx(float(p[with_space].sum()))
    assert float(by_byte[256]) == pytest.approx(float(p[299]))
    assert float(by_byte.sum()) == pytest.approx(1)


def test_luck_is_the_same_for_the_ids_that_two_vocabularies_share():
    for seed, position in ((0, 0), (42, 7), (2**32 - 1, 1023)):
        for small, large in ((1024, 8192), (8192, 50257), (10, 17)):
            assert torch.equal(gumbel_noise(small, seed, position), gumbel_noise(large, seed, position)[:small])


def test_scores_of_two_vocabularies_are_of_the_same_bytes_and_equal_the_sum_of_log_probabilities():
    traces, tokenizers = [], [SMALL, LARGE]
    for tokenizer in tokenizers:
        model = random_model(config(tokenizer.vocab_size))
        traces.append(trace(model, tokenizer.encode(TEXT), {"logits"}))
    small, large = text_scores(traces, tokenizers)
    ends = [token_ends(seen.token_ids, tokenizer) for seen, tokenizer in zip(traces, tokenizers, strict=True)]
    assert small.first_byte == large.first_byte == min(set(ends[0]) & set(ends[1]))
    assert small.n_bytes == large.n_bytes == len(TEXT) - small.first_byte
    assert small.n_tokens > large.n_tokens
    for score, seen, stops in zip((small, large), traces, ends, strict=True):
        log_p = torch.log_softmax(seen["logits"].double(), -1)
        expected = -sum(
            float(log_p[place - 1, seen.token_ids[place]])
            for place in range(1, len(stops))
            if stops[place - 1] >= score.first_byte
        )
        assert score.nats == pytest.approx(expected, abs=1e-4)
        assert score.nats_per_byte * score.n_bytes == pytest.approx(score.nats)
        assert score.nats_per_token * score.n_tokens == pytest.approx(score.nats)


def test_a_text_of_one_token_has_no_score():
    model = random_model(config(300))
    seen = trace(model, SMALL.encode("a"), {"logits"})
    with pytest.raises(InvalidSetting, match="at least two tokens"):
        text_scores([seen, seen], [SMALL, SMALL])


@pytest.mark.parametrize(
    ("one", "other", "apart"),
    [
        ([b"a", b"b"], [b"a", b"c"], (1, 1)),
        ([b"a", b"bc"], [b"ab", b"d"], (1, 1)),
        ([b"abc"], [b"a", b"b", b"x"], (0, 2)),
        ([b"a", b"b"], [b"ab", b"c"], None),
        ([], [b"x"], None),
    ],
)
def test_texts_part_at_the_first_token_that_says_another_byte(one, other, apart):
    assert parting(one, other) == apart


def test_spread_counts_first_tokens_texts_and_common_beginnings():
    assert spread([[1, 2, 3], [1, 2, 4], [5, 2, 3]]) == Spread(2, 3, 2 / 3)
    assert spread([[1, 2], [1, 2]]) == Spread(1, 1, 2)
