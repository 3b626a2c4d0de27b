"""What the Attention tab says of a head: weights, words and habits."""

import pytest
import torch

from explorer.answers.attention import habit_table, looks_at, summary_sentence
from explorer.wording.text import TokenLabel
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
