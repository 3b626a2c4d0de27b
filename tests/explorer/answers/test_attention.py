"""What the Attention tab says of a head: weights, words and habits."""

import pytest
import torch

from explorer.answers.attention import (
    MOST_SENT,
    checked_view,
    habit_table,
    heads_sent,
    looks_at,
    one_sheet,
    pattern_of,
    sheets_of,
    summary_sentence,
)
from explorer.wording.text import TokenLabel
from gpt2core import PRESETS, trace
from gpt2core.analysis import value_weighted_attention
from gpt2core.errors import InvalidSetting
from gpt2core.patterns import without_first_token

TEXTS = ["Once", "·upon", "·a", "·{time}"]
LABELS = [TokenLabel(number, text, "", True) for number, text in enumerate(TEXTS)]
WEIGHTS = torch.tensor([0.5, 0.1, 0.15, 0.25])


def test_the_list_holds_every_token_seen_in_order_with_its_weight():
    found = looks_at(WEIGHTS, LABELS, 3, False)
    assert [label.text for label in found.labels] == TEXTS
    assert found.weights == WEIGHTS.tolist()


def test_the_list_ends_at_the_token_itself_for_the_future_is_not_seen():
    assert looks_at(torch.tensor([0.4, 0.6, 0.0, 0.0]), LABELS, 1, False).positions == [0, 1]


def test_hiding_the_first_token_takes_it_off_the_list_and_says_so():
    found = looks_at(without_first_token(torch.zeros(4, 4) + WEIGHTS)[3], LABELS, 3, True)
    assert [label.text for label in found.labels] == TEXTS[1:]
    assert sum(found.weights) == pytest.approx(1.0)
    assert "renormalised" in found.caption


def test_the_summary_names_the_most_looked_at_and_the_share_of_the_rest():
    told = summary_sentence(WEIGHTS, TEXTS, 3, False)
    assert told.index("“Once” (position 0) 50.0 %") < told.index("“·{time}” (position 3) 25.0 %")
    assert told.index("“·{time}” (position 3) 25.0 %") < told.index("“·a” (position 2) 15.0 %")
    assert "the other one has 10.0 %" in told


def test_the_summary_of_a_token_that_sees_only_the_hidden_one_says_so():
    told = summary_sentence(torch.zeros(4), TEXTS, 0, True)
    assert "looked at nothing else" in told


def test_the_habits_of_heads_are_means_of_their_weights(tiny_trace):
    patterns = tiny_trace.stacked("pattern")
    table = habit_table(patterns)
    n_layers, n_heads = patterns.shape[:2]
    assert len(table) == n_layers * n_heads
    layer, head = int(table.iloc[-1, 0]), int(table.iloc[-1, 1])
    assert (layer, head) == (n_layers - 1, n_heads - 1)
    pattern = patterns[layer, head]
    before = torch.stack([pattern[query, query - 1] for query in range(1, len(pattern))])
    assert table.iloc[-1, 2:].tolist() == pytest.approx(
        [float(pattern.diag().mean()), float(before.mean()), float(pattern[1:, 0].mean())], abs=1e-6
    )


def test_a_single_token_has_habits_too():
    assert habit_table(torch.ones(1, 1, 1, 1)).iloc[0, 2:].tolist() == [1.0, 0.0, 1.0]


def test_the_mask_switched_off_lists_what_comes_after_too():
    found = looks_at(WEIGHTS, LABELS, 1, False, 4)
    assert found.positions == [0, 1, 2, 3]
    assert "the other one has" in summary_sentence(WEIGHTS, TEXTS, 1, False, 4)


def test_as_many_heads_are_sent_together_as_are_no_burden():
    small, large = PRESETS["stories"], PRESETS["124M"]
    assert heads_sent(small, 100, 3, 4) == (None, None)
    assert heads_sent(small, 256, 3, 4) == (3, None)
    assert heads_sent(large, 64, 3, 4) == (None, None)
    assert heads_sent(large, 1000, 3, 4) == (3, 4)
    for n_tokens in (1, 64, 200, 223, 224, 1000):
        layer, head = heads_sent(large, n_tokens, 3, 4)
        n_sent = (1 if layer is not None else 12) * (1 if head is not None else 12)
        assert n_sent == 1 or n_sent * n_tokens**2 <= MOST_SENT


@pytest.fixture(scope="module")
def read(three_models):
    return three_models, three_models.read("the other one and the other", "tinystories")


@pytest.mark.parametrize("hide_first", [False, True])
def test_every_sheet_is_the_pattern_of_the_head_that_it_names(read, hide_first):
    services, run = read
    found = sheets_of(services, run, 0, 0, hide_first, "weights")
    assert found.places == [(layer, head) for layer in range(2) for head in range(3)]
    for sheet, (layer, head) in zip(found.weights, found.places, strict=True):
        assert torch.equal(sheet, pattern_of(services, run, layer, head, hide_first))


def test_what_values_carry_is_a_share_of_what_a_row_gathers(read):
    services, run = read
    found = sheets_of(services, run, 0, 0, False, "weighted")
    assert torch.allclose(found.weights.sum(-1), torch.ones(()), atol=1e-6)
    whole = trace(services.models.get(run.model).model, run.token_ids)
    lengths = value_weighted_attention(whole, services.models.get(run.model).model, 1)[2]
    assert torch.allclose(found.weights[5], lengths / lengths.sum(-1, keepdim=True), atol=1e-6)
    assert not torch.allclose(found.weights, sheets_of(services, run, 0, 0, False, "weights").weights, atol=1e-3)


def test_the_mean_over_heads_is_theirs(read):
    services, run = read
    found = sheets_of(services, run, 0, 0, False, "mean")
    assert found.places == [(0, None), (1, None)]
    each = sheets_of(services, run, 0, 0, False, "weights").weights
    assert torch.allclose(found.weights[1], each[3:].mean(0), atol=1e-7)
    assert torch.equal(found.weights[1], one_sheet(services, run, 1, 2, False, "mean"))


def test_without_the_mask_the_future_is_shown(read):
    services, _ = read
    unmasked = services.read("the other one and the other", "tinystories", "mask")
    found = sheets_of(services, unmasked, 0, 0, False, "weights")
    assert not found.blank
    assert bool((found.weights[:, 0, 1:] > 0).all())


def test_a_view_that_there_is_not_is_refused_with_those_that_there_are():
    with pytest.raises(InvalidSetting, match="weights, weighted, mean, lines"):
        checked_view("heat")
