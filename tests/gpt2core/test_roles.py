"""Role scores: each finds the head made for it, and says nothing where there is nothing to measure."""

from __future__ import annotations

import math

import pytest
import torch

from gpt2core import analysis, roles, trace
from tests.gpt2core.test_analysis import TINY, _trace_of_patterns

IDS = (7, 3, 9, 7, 5, 7, 3)  # 7 comes at 0, 3, 5; 3 at 1, 6


def looking(place) -> torch.Tensor:
    """A head whose query q puts all its attention on place(q)."""
    pattern = torch.zeros(len(IDS), len(IDS))
    for query in range(len(IDS)):
        pattern[query, place(query)] = 1
    return pattern


def test_each_score_finds_the_head_made_for_it() -> None:
    same = looking({0: 0, 1: 0, 2: 0, 3: 0, 4: 0, 5: 3, 6: 1}.get)
    induction = looking({0: 0, 1: 0, 2: 0, 3: 1, 4: 0, 5: 4, 6: 2}.get)
    previous = looking(lambda query: max(0, query - 1))
    first = looking(lambda query: 0)
    found = roles.role_scores(_trace_of_patterns(IDS, same, induction, previous, first))
    assert found.keys() == set(roles.ROLES)
    assert [float(found["same"][0, head]) for head in (0, 1)] == [1, 0]
    assert [float(found["induction"][0, head]) for head in (0, 1)] == [0, 1]
    assert float(found["previous"][0, 2]) == 1
    assert float(found["first"][0, 3]) == 1
    assert float(found["distance"][0, 2]) == 1
    assert float(found["distance"][0, 3]) == (1 + 2 + 3 + 4 + 5 + 6) / 6


def test_spread_is_the_mean_entropy_of_all_queries_but_the_first() -> None:
    even = torch.ones(len(IDS), len(IDS)).tril()
    even /= even.sum(-1, keepdim=True)
    expected = sum(map(math.log, range(2, len(IDS) + 1))) / (len(IDS) - 1)
    assert float(roles.spreads(_trace_of_patterns(IDS, even))[0, 0]) == pytest.approx(expected)


def test_a_weight_divided_among_several_earlier_ones_counts_whole() -> None:
    pattern = looking(lambda query: query)
    pattern[5] = torch.tensor([0.3, 0, 0, 0.4, 0, 0.3, 0])  # 7 at 0 and 3
    scores = roles.same_token_scores(_trace_of_patterns(IDS, pattern))
    assert float(scores[0, 0]) == pytest.approx(0.7 / 3)  # of the queries 3, 5 and 6


def test_on_random_tokens_read_twice_continuation_is_induction(tiny_model) -> None:
    seen = trace(tiny_model, analysis.repeated_tokens(TINY.vocab_size, 8, seed=3), sites={"pattern"})
    torch.testing.assert_close(roles.continuation_scores(seen), analysis.induction_scores(seen))


def test_previous_and_first_are_analysis_own(tiny_trace) -> None:
    found = roles.role_scores(tiny_trace)
    assert torch.equal(found["previous"], analysis.previous_token_scores(tiny_trace))
    assert torch.equal(found["first"], analysis.first_token_scores(tiny_trace))


def test_where_there_is_nothing_to_measure_there_is_no_score() -> None:
    one = _trace_of_patterns((4,), torch.ones(1, 1))
    assert all(scores.isnan().all() for scores in roles.role_scores(one).values())
    no_repeat = roles.role_scores(_trace_of_patterns((1, 2, 3), torch.eye(3)))
    assert no_repeat["same"].isnan().all()
    assert no_repeat["induction"].isnan().all()
    assert not no_repeat["previous"].isnan().any()
