"""A trace holds what was asked for, and nothing of the model."""

from __future__ import annotations

import dataclasses

import pytest
import torch

from gpt2core import SITES, trace
from gpt2core.errors import EmptyPrompt, MissingActivation, NotFinite, PromptTooLong, TokenOutOfRange, UnknownSite
from tests.conftest import TINY, TINY_IDS
from tests.reference import random_model


def test_only_the_sites_asked_for_are_recorded(tiny_model, tiny_trace):
    seen = trace(tiny_model, TINY_IDS, sites={"pattern", "logits"})
    assert set(seen) == {("pattern", 0), ("pattern", 1), ("logits", None)}
    assert ("pattern", 1) in seen
    assert "embed" not in seen
    torch.testing.assert_close(seen["pattern", 1], tiny_trace["pattern", 1])
    with pytest.raises(
        MissingActivation, match=r"did not record z, layer 0. Ask for it: trace\(model, token_ids, sites=\{'z'\}\)"
    ):
        seen["z", 0]


def test_a_per_layer_site_can_be_read_of_all_layers_at_once(tiny_trace):
    assert tiny_trace.stacked("pattern").shape == (2, 3, len(TINY_IDS), len(TINY_IDS))


def test_a_trace_is_frozen_and_its_values_are_detached(tiny_trace):
    with pytest.raises(dataclasses.FrozenInstanceError):
        tiny_trace.token_ids = ()
    with pytest.raises(TypeError):
        tiny_trace.values["embed", None] = torch.zeros(1)
    assert not any(value.requires_grad for value in tiny_trace.values.values())


def test_a_trace_shares_no_memory_with_the_model():
    model = random_model(TINY)
    ids = list(range(TINY.context_length))  # as long as can be: then every row of the model's tables is used
    seen = trace(model, ids)
    owned = {tensor.untyped_storage().data_ptr() for tensor in (*model.parameters(), *model.buffers())}
    for site, layer in seen:
        assert seen[site, layer].untyped_storage().data_ptr() not in owned, site


def test_a_trace_leaves_the_model_as_it_was():
    model = random_model(TINY).train()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    trace(model, TINY_IDS)
    assert model.training
    for name, tensor in model.state_dict().items():
        assert torch.equal(tensor, before[name])
    assert all(parameter.grad is None for parameter in model.parameters())


def test_its_size_in_bytes_is_that_of_its_values(tiny_trace):
    T = len(TINY_IDS)
    assert tiny_trace["embed"].nbytes == T * 24 * 4
    assert tiny_trace.nbytes == sum(tiny_trace[key].nbytes for key in tiny_trace)
    assert len(tiny_trace) == sum(2 if site.per_layer else 1 for site in SITES.values())


def test_bad_ids_and_names_are_refused(tiny_model):
    with pytest.raises(EmptyPrompt):
        trace(tiny_model, [])
    with pytest.raises(
        TokenOutOfRange, match="Token id 50 is outside this model's vocabulary, whose ids run from 0 to 49"
    ):
        trace(tiny_model, [1, 50])
    with pytest.raises(TokenOutOfRange, match="Token id -1"):
        trace(tiny_model, [-1])
    with pytest.raises(PromptTooLong, match=r"20 tokens long; this model reads at most 16. Remove about 4 tokens"):
        trace(tiny_model, [1] * 20)
    with pytest.raises(UnknownSite, match="no site called 'attention'"):
        trace(tiny_model, TINY_IDS, sites={"attention"})


def test_a_model_whose_weights_are_no_numbers_is_refused():
    model = random_model(TINY)
    with torch.no_grad():
        model.trf_blocks[0].ff.layers[0].weight[0, 0] = torch.nan
    with pytest.raises(NotFinite, match="Its weights are damaged; load the model again"):
        trace(model, TINY_IDS)
