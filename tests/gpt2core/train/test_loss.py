"""The sliced loss against the plain one."""

import math

import pytest
import torch

from gpt2core import GPTConfig, edits, trace
from gpt2core.train import loss as loss_module
from gpt2core.train.loss import NextTokenLoss, next_token_loss, seeing_all
from tests.reference import random_model

SLICES = pytest.mark.parametrize("slice_size", [1, 50 * 7, 3_000_000])
HEADS = pytest.mark.parametrize("tied_head", [True, False])
# Independent errors add as squares: a sliced form that is sqrt(2) times as far from the truth as the plain one has added as much error
# of its own as all of bfloat16's roundings in a whole pass make. It rounds as often as the plain one, so it should add none.
AS_MUCH_AGAIN = math.sqrt(2)


def config(tied_head):
    return GPTConfig(50, 12, 16, 2, 2, tied_head=tied_head, qkv_bias=True, drop_rate=0.0)


def batch(seed=0):
    return torch.randint(50, (2, 3, 12), generator=torch.Generator().manual_seed(seed))


def gradients(model, loss):
    model.zero_grad()
    loss.backward()
    return {name: parameter.grad.clone() for name, parameter in model.named_parameters()}


@HEADS
@SLICES
def test_the_sliced_loss_and_its_derivatives_are_those_of_cross_entropy(tied_head, slice_size, monkeypatch):
    monkeypatch.setattr(loss_module, "_SLICE", slice_size)
    model = random_model(config(tied_head)).train()
    inputs, targets = batch()
    ours, plain = NextTokenLoss(model)(inputs, targets), next_token_loss(model(inputs), targets)
    torch.testing.assert_close(ours, plain, rtol=1e-5, atol=0)
    # a third of the loss: what accumulating gradients over three batches asks for
    expected = gradients(model, plain / 3)
    longest = max(gradient.norm() for gradient in expected.values())  # a key's bias has none: it moves all scores alike
    for name, gradient in gradients(model, ours / 3).items():
        assert (gradient - expected[name]).norm() < 1e-5 * max(expected[name].norm(), 0.1 * longest), name


@HEADS
@SLICES
def test_in_bfloat16_the_sliced_loss_is_no_farther_from_the_exact_one_than_the_plain_one_is(
    tied_head, slice_size, monkeypatch
):
    """Exact: in float64. Processors add the products of bfloat16 in different orders, so the two forms are not compared with each other."""
    monkeypatch.setattr(loss_module, "_SLICE", slice_size)
    head = "tok_emb.weight" if tied_head else "out_head.weight"
    squares: dict[str, list[float]] = {}  # what of: of the sliced form, of the plain one
    for seed in range(4):  # of single numbers, such as the loss, one of the two is always nearer by luck
        inputs, targets = batch(seed)
        model = random_model(config(tied_head), seed).train()
        twin = random_model(config(tied_head), seed).train().double()
        exact_loss = next_token_loss(twin(inputs), targets)
        exact = gradients(twin, exact_loss / 3)
        for form in (0, 1):
            with torch.autocast("cpu", torch.bfloat16):
                loss = next_token_loss(model(inputs), targets) if form else NextTokenLoss(model)(inputs, targets)
            far = {
                name: float((g.double() - exact[name]).square().sum()) for name, g in gradients(model, loss / 3).items()
            }
            parts = {
                "loss": float(loss.detach() - exact_loss.detach()) ** 2,
                "derivatives": sum(far.values()),
                "derivative of the head": far[head],
            }
            for what, square in parts.items():
                squares.setdefault(what, [0.0, 0.0])[form] += square
    times_as_far = {what: math.sqrt(sliced / plain) for what, (sliced, plain) in squares.items()}
    assert max(times_as_far.values()) < AS_MUCH_AGAIN, times_as_far


def test_without_gradients_the_loss_is_the_same():
    model = random_model(GPTConfig(50, 12, 16, 2, 2)).eval()
    inputs, targets = batch()
    with torch.no_grad():
        silent = NextTokenLoss(model)(inputs, targets)
    torch.testing.assert_close(silent, NextTokenLoss(model)(inputs, targets).detach())


def test_without_the_mask_the_loss_is_that_of_the_edited_pass():
    model = random_model(config(True))
    inputs, targets = batch()
    by_trace = [
        torch.nn.functional.cross_entropy(trace(model, row.tolist(), edits=[edits.mask_off()])["logits"], wanted)
        for row, wanted in zip(inputs, targets, strict=True)
    ]
    ours = NextTokenLoss(model.train(), seeing_all)(inputs, targets)
    torch.testing.assert_close(ours.detach(), torch.stack(by_trace).mean(), rtol=1e-5, atol=0)
    assert abs(ours.item() - NextTokenLoss(model)(inputs, targets).item()) > 1e-4
    ours.backward()
    assert model.trf_blocks[0].att.W_query.weight.grad.abs().max() > 0
