"""Neurons add up to what their MLP wrote, and read by hand in transformers' GPT-2 they are the same."""

from __future__ import annotations

import pytest
import torch

from gpt2core import trace
from gpt2core.analysis import direct_logit_attribution
from gpt2core.edits import mean_neuron, zero_neuron
from gpt2core.errors import InvalidSetting, TokenOutOfRange
from gpt2core.neurons import added_to_logit, neuron_readings, strongest_neurons, written_by_neurons
from tests.conftest import TINY, TINY_IDS
from tests.reference import hugging_face_twin

ALL = range(4 * TINY.emb_dim)


def test_all_neurons_and_the_bias_write_what_the_mlp_wrote(tiny_model, tiny_trace):
    written = tiny_trace["mlp_post", 1] @ written_by_neurons(tiny_model, 1) + tiny_model.trf_blocks[1].ff.layers[2].bias
    torch.testing.assert_close(written, tiny_trace["mlp_out", 1])


def test_what_all_neurons_add_to_a_logit_and_the_bias_is_what_their_mlp_adds(tiny_model, tiny_trace):
    for layer, position, token in ((0, 2, 5), (1, -1, 49)):
        parts = added_to_logit(tiny_trace, tiny_model, layer, ALL, token, position)
        bias = tiny_model.trf_blocks[layer].ff.layers[2].bias
        read = (bias - bias.mean()) * tiny_model.final_norm.scale @ tiny_model.out_head.weight[token]
        whole = parts.sum() + read / torch.sqrt(tiny_trace["ln_final_var"][position] + TINY.norm_eps)
        expected = direct_logit_attribution(tiny_trace, tiny_model, token, position).mlps[layer]
        torch.testing.assert_close(whole, expected, rtol=1e-4, atol=1e-4)


@torch.no_grad()
def test_a_readings_difference_is_that_of_transformers_head_on_what_the_neuron_writes(tiny_model):
    twin = hugging_face_twin(tiny_model)
    norm, rows = twin.transformer.ln_f, twin.transformer.h[1].mlp.c_proj.weight  # [4C, C]
    row = rows[[3, 60]]
    shift = norm.bias
    stretched = twin.lm_head(norm(row) - shift) * torch.sqrt(row.var(-1, correction=0, keepdim=True) + norm.eps)
    torch.testing.assert_close(neuron_readings(tiny_model, 1, [3, 60]), stretched, atol=1e-4, rtol=1e-4)


def test_the_strongest_are_those_that_write_the_longest_vectors(tiny_model, tiny_trace):
    found = strongest_neurons(tiny_trace, tiny_model, 0, 3, 5)
    lengths = (tiny_trace["mlp_post", 0][3].unsqueeze(1) * written_by_neurons(tiny_model, 0)).norm(dim=-1)
    assert list(found.neurons) == lengths.argsort(descending=True)[:5].tolist()
    torch.testing.assert_close(found.strengths, lengths.sort(descending=True).values[:5])
    assert found.total == pytest.approx(float(lengths.sum()), rel=1e-5)
    assert torch.equal(found.after, found.computed)
    torch.testing.assert_close(torch.nn.functional.gelu(found.before, approximate="tanh"), found.after)


@pytest.mark.parametrize("off", [zero_neuron, mean_neuron])
def test_a_neuron_that_is_switched_off_keeps_its_place_in_the_list(off, tiny_model, tiny_trace):
    plain = strongest_neurons(tiny_trace, tiny_model, 0, 3, 5)
    changed = trace(tiny_model, TINY_IDS, edits=[off(0, plain.neurons[0])])
    found = strongest_neurons(changed, tiny_model, 0, 3, 5)
    assert found.neurons == plain.neurons
    assert torch.equal(found.computed, plain.computed)
    assert float(found.after[0]) != float(plain.after[0])
    assert torch.equal(found.after[1:], plain.after[1:])


def test_more_neurons_than_there_are_is_all_of_them(tiny_model, tiny_trace):
    assert sorted(strongest_neurons(tiny_trace, tiny_model, 0, 0, 1000).neurons) == list(ALL)


def test_what_is_not_there_is_refused(tiny_model, tiny_trace):
    with pytest.raises(InvalidSetting, match="no position 7"):
        strongest_neurons(tiny_trace, tiny_model, 0, 7)
    with pytest.raises(InvalidSetting, match="0 neurons are asked for"):
        strongest_neurons(tiny_trace, tiny_model, 0, 0, 0)
    with pytest.raises(InvalidSetting, match="There is no neuron 96; each layer's neurons are 0 to 95"):
        neuron_readings(tiny_model, 0, [96])
    with pytest.raises(InvalidSetting, match="There is no layer 2"):
        written_by_neurons(tiny_model, 2)
    with pytest.raises(TokenOutOfRange):
        added_to_logit(tiny_trace, tiny_model, 0, [0], 50)
