"""Sizes told from the shape alone are those of a model that was built and run."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from gpt2core import GPT_CONFIG_124M, PRESETS, GPTModel, KVCache
from gpt2core.sizes import (
    cache_bytes,
    cache_bytes_per_token,
    flops_of_pass,
    flops_per_token,
    memory_bytes,
    model_parts,
    parameters_by_kind,
)
from tests.conftest import TINY
from tests.reference import random_model

SHAPES = [
    TINY,
    replace(TINY, qkv_bias=False),
    replace(TINY, tied_head=False, n_layers=3),
    replace(TINY, qkv_bias=False, tied_head=False, n_heads=1),
]
KINDS = [
    *("tok_emb", "pos_emb", "att.W_query", "att.W_key", "att.W_value", "att.out_proj", "ff.layers.0", "ff.layers.2"),
    *("norm1", "norm2", "final_norm", "out_head"),
]


def learned(config):
    with torch.device("meta"):
        return dict(GPTModel(config).named_parameters())  # a tied head once


@pytest.mark.parametrize("config", [*SHAPES, *PRESETS.values()], ids=str)
def test_the_tree_is_that_of_the_model_s_own_tensors(config):
    tree, tensors = model_parts(config), learned(config)
    assert {name: part.shape for name, part in tree.tensors()} == {
        name: tuple(one.shape) for name, one in tensors.items()
    }
    assert tree.n_parameters == config.n_parameters == sum(one.numel() for one in tensors.values())
    by_kind = parameters_by_kind(config)
    assert list(by_kind) == KINDS
    assert sum(by_kind.values()) == config.n_parameters
    assert by_kind["out_head"] == (0 if config.tied_head else config.vocab_size * config.emb_dim)


def test_a_kind_is_the_same_part_of_all_layers():
    by_kind = parameters_by_kind(TINY)
    for kind in KINDS[2:-2]:
        own = sum(one.numel() for name, one in learned(TINY).items() if f".{kind}." in name)
        assert by_kind[kind] == own, kind


def test_gpt2_and_the_course_s_model_differ_by_the_head_and_the_biases():
    released, course = parameters_by_kind(PRESETS["124M"]), parameters_by_kind(GPT_CONFIG_124M)
    assert sum(released.values()) == 124_439_808
    assert sum(course.values()) == 163_009_536
    differences = {kind: course[kind] - released[kind] for kind in KINDS if course[kind] != released[kind]}
    C, V, L = 768, 50_257, 12
    assert differences == {
        "out_head": V * C,
        **dict.fromkeys(("att.W_query", "att.W_key", "att.W_value"), -L * C),
    }
    assert sum(differences.values()) == 163_009_536 - 124_439_808


@pytest.mark.parametrize(("dtype", "element_size"), [(torch.float32, 4), (torch.float16, 2)])
def test_bytes_are_those_of_the_tensors_and_of_the_cache(dtype, element_size):
    model = GPTModel(TINY).to(dtype)
    assert memory_bytes(TINY, element_size) == sum(one.nbytes for one in model.parameters())
    cache = KVCache(TINY, dtype, torch.device("cpu"))
    assert cache_bytes(TINY, element_size) == cache._k.nbytes + cache._v.nbytes
    assert cache_bytes_per_token(TINY, element_size) * TINY.context_length == cache_bytes(TINY, element_size)


def counted(work):
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        work()
    return counter.get_total_flops()


@pytest.mark.parametrize("config", SHAPES, ids=str)
@pytest.mark.parametrize("n_tokens", [1, 5, 16])
def test_the_work_of_a_pass_is_what_torch_counts(config, n_tokens):
    model, ids = random_model(config), torch.zeros(1, n_tokens, dtype=torch.long)
    # step by step, where every product is one that torch knows to count
    assert counted(lambda: model(ids, lambda site, layer, value: value)) == flops_of_pass(config, n_tokens)


@pytest.mark.parametrize("past", [1, 7, 15])
def test_the_work_of_one_more_token_is_what_torch_counts(past):
    model, cache = random_model(TINY), KVCache(TINY, torch.float32, torch.device("cpu"))
    with torch.no_grad():
        model(torch.zeros(1, past, dtype=torch.long), cache=cache)
    more = torch.zeros(1, 1, dtype=torch.long)
    assert counted(lambda: model(more, lambda site, layer, value: value, cache)) == flops_per_token(TINY, past + 1)
