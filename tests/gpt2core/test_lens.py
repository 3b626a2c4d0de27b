"""The lens read by hand in transformers' GPT-2, and what it must say whatever the weights are."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from gpt2core import trace
from gpt2core.edits import zero_layer
from gpt2core.errors import InvalidSetting, TokenOutOfRange
from gpt2core.lens import LENS_SITES, lens_grid, lens_places, lens_shares
from tests.conftest import TINY, TINY_IDS
from tests.reference import hugging_face_twin, random_model

T = len(TINY_IDS)


@torch.no_grad()
def streams_of_transformers(model):
    """The stream at every place, [P, T, C], caught by hooks in transformers' own modules."""
    twin, caught = hugging_face_twin(model), []
    blocks = twin.transformer.h
    hooks = [blocks[0].register_forward_pre_hook(lambda _, given: caught.append(given[0]))]
    for block in blocks:
        hooks.append(block.ln_2.register_forward_pre_hook(lambda _, given: caught.append(given[0])))
        hooks.append(
            block.register_forward_hook(lambda _, __, out: caught.append(out if torch.is_tensor(out) else out[0]))
        )
    twin(torch.tensor([TINY_IDS]))
    for hook in hooks:
        hook.remove()
    streams = torch.cat(caught)
    return streams, twin.lm_head(twin.transformer.ln_f(streams))


@pytest.mark.parametrize("config", [TINY, replace(TINY, n_layers=1, n_heads=1), replace(TINY, tied_head=False)])
def test_every_cell_equals_transformers_gpt2_read_by_hand(config):
    model = random_model(config, seed=3)
    grid = lens_grid(trace(model, TINY_IDS, LENS_SITES), model)
    _, logits = streams_of_transformers(model)
    logs = logits.log_softmax(-1)
    assert grid.places == lens_places(config)
    assert len(grid.places) == len(logits) == 2 * config.n_layers + 1
    torch.testing.assert_close(grid.shares, logs.exp().max(-1).values, atol=1e-4, rtol=0)
    assert torch.equal(grid.first, logits.argmax(-1))
    answer = logs[-1]
    torch.testing.assert_close(grid.divergences, (answer.exp() * (answer - logs)).sum(-1), atol=1e-4, rtol=0)
    for place, row in enumerate(logs):
        ordered = row.argsort(-1, descending=True).tolist()
        expected = [1 + ordered[t].index(TINY_IDS[t + 1]) for t in range(T - 1)]
        assert grid.ranks[place].tolist() == [*expected, 0]
    torch.testing.assert_close(
        lens_shares(trace(model, TINY_IDS, LENS_SITES), model, 2, [5, 49]), logs[:, 2, [5, 49]].exp(), atol=1e-4, rtol=0
    )


def test_the_last_place_is_the_answer_itself(tiny_model, tiny_trace):
    grid = lens_grid(tiny_trace, tiny_model)
    assert grid.divergences[-1].max() < 1e-5
    assert torch.equal(grid.first[-1], tiny_trace["logits"].argmax(-1))
    assert bool((grid.divergences[:-1] > 0.01).all())


def test_a_layer_that_writes_nothing_leaves_the_lens_as_it_was(tiny_model):
    seen = trace(tiny_model, TINY_IDS, LENS_SITES, [zero_layer(0)])
    grid = lens_grid(seen, tiny_model)
    for place in (1, 2):
        torch.testing.assert_close(grid.shares[place], grid.shares[0])
        assert torch.equal(grid.ranks[place], grid.ranks[0])


def test_positions_are_looked_at_in_their_order_and_no_other(tiny_model, tiny_trace):
    whole, some = lens_grid(tiny_trace, tiny_model), lens_grid(tiny_trace, tiny_model, [4, -1])
    assert some.positions == (4, T - 1)
    torch.testing.assert_close(some.divergences, whole.divergences[:, [4, T - 1]])
    assert torch.equal(some.ranks, whole.ranks[:, [4, T - 1]])


def test_one_token_has_nothing_that_came_next(tiny_model):
    grid = lens_grid(trace(tiny_model, [3], LENS_SITES), tiny_model)
    assert grid.ranks.tolist() == [[0]] * 5


def test_what_is_not_there_is_refused(tiny_model, tiny_trace):
    with pytest.raises(InvalidSetting, match="no position 7"):
        lens_grid(tiny_trace, tiny_model, [7])
    with pytest.raises(TokenOutOfRange):
        lens_shares(tiny_trace, tiny_model, 0, [50])
