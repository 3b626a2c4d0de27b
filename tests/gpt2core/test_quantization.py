"""The reduced copy: near the original, apart from it, lighter."""

from dataclasses import replace

import pytest
import torch

from gpt2core import GPTConfig, generate, reduced_precision
from gpt2core.quantization import HalfLinear
from tests.reference import random_model

CONFIG = GPTConfig(97, 24, 32, 4, 2, qkv_bias=True, tied_head=True)
IDS = torch.randint(97, (2, 24), generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("form", [{}, {"tied_head": False, "qkv_bias": False}], ids=str)
def test_distributions_stay_near_those_of_float32(form):
    model = random_model(replace(CONFIG, **form))
    with torch.no_grad():
        exact, reduced = (torch.log_softmax(m(IDS).double(), -1) for m in (model, reduced_precision(model)))
    kl = (exact.exp() * (exact - reduced)).sum(-1)
    assert 0 < kl.max() < 1e-3  # not 0: or else nothing was reduced


def test_the_original_stays_as_it_is_and_shares_nothing_with_the_copy():
    model = random_model(CONFIG)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    reduced = reduced_precision(model)
    with torch.no_grad():
        expected = reduced(IDS)
        for parameter in reduced.parameters():
            parameter.zero_()
        for name, tensor in model.state_dict().items():
            assert torch.equal(tensor, before[name])
        reduced = reduced_precision(model)
        for parameter in model.parameters():
            parameter.zero_()
        assert torch.equal(reduced(IDS), expected)


def test_generation_and_its_cache_work_on_the_copy():
    reduced = reduced_precision(random_model(CONFIG))
    text = [5, 60, 7]
    for step in generate(reduced, text.copy(), 15, temperature=0.0):
        with torch.no_grad():
            again = reduced(torch.tensor([text]))[0, -1]
        torch.testing.assert_close(step.logits, again, rtol=1e-3, atol=1e-3)
        text.append(step.token_id)


def test_a_model_in_training_mode_is_copied_in_evaluation_mode():
    model = random_model(replace(CONFIG, drop_rate=0.5)).train()
    reduced = reduced_precision(model)
    assert not reduced.training
    assert model.training
    assert not any(parameter.requires_grad for parameter in reduced.parameters())
    with torch.no_grad():
        assert torch.equal(reduced(IDS), reduced(IDS))


def test_where_no_half_precision_product_exists_the_copy_is_in_bfloat16(monkeypatch):
    monkeypatch.setattr("gpt2core.quantization.half_products_exist", lambda model: False)
    reduced = reduced_precision(random_model(CONFIG))
    assert reduced.tok_emb.weight.dtype == torch.bfloat16
    assert not any(isinstance(module, HalfLinear) for module in reduced.modules())
    assert len(list(generate(reduced, [1, 2], 30, seed=0))) == 30
