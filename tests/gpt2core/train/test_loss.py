"""The sliced loss against the plain one."""

import pytest
import torch

from gpt2core import GPTConfig
from gpt2core.train import loss as loss_module
from gpt2core.train.loss import NextTokenLoss, next_token_loss
from tests.reference import random_model


def gradients(model, loss):
    model.zero_grad()
    loss.backward()
    return {name: parameter.grad.clone() for name, parameter in model.named_parameters()}


@pytest.mark.parametrize("tied_head", [True, False])
@pytest.mark.parametrize("slice_size", [1, 50 * 7, 3_000_000])
# bfloat16 keeps 8 bits, and processors add its products in different orders: up to 0.0213 was seen on one without avx512_bf16
@pytest.mark.parametrize(("precision", "tolerance"), [(torch.float32, 1e-5), (torch.bfloat16, 3e-2)])
def test_the_sliced_loss_and_its_derivatives_are_those_of_cross_entropy(
    tied_head, slice_size, precision, tolerance, monkeypatch
):
    monkeypatch.setattr(loss_module, "_SLICE", slice_size)
    model = random_model(GPTConfig(50, 12, 16, 2, 2, tied_head=tied_head, qkv_bias=True, drop_rate=0.0)).train()
    inputs, targets = torch.randint(50, (2, 3, 12), generator=torch.Generator().manual_seed(0))
    with torch.autocast("cpu", torch.bfloat16, enabled=precision == torch.bfloat16):
        ours, plain = NextTokenLoss(model)(inputs, targets), next_token_loss(model(inputs), targets)
    torch.testing.assert_close(ours, plain, rtol=tolerance, atol=0)
    # a third of the loss: what accumulating gradients over three batches asks for
    expected = gradients(model, plain / 3)
    longest = max(gradient.norm() for gradient in expected.values())  # a key's bias has none: it moves all scores alike
    for name, gradient in gradients(model, ours / 3).items():
        assert (gradient - expected[name]).norm() < tolerance * max(expected[name].norm(), 0.1 * longest), name


def test_without_gradients_the_loss_is_the_same():
    model = random_model(GPTConfig(50, 12, 16, 2, 2)).eval()
    inputs, targets = torch.randint(50, (2, 3, 12), generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        silent = NextTokenLoss(model)(inputs, targets)
    torch.testing.assert_close(silent, NextTokenLoss(model)(inputs, targets).detach())
