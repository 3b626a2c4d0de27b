"""Our Linear against torch's."""

import pytest
import torch
from torch import nn

from gpt2core import linear
from gpt2core.linear import Linear


@pytest.fixture(autouse=True)
def _small_products_take_the_new_road_too(monkeypatch):
    monkeypatch.setattr(linear, "_WORTH_IT", 0)


def pair(bias):
    torch.manual_seed(0)
    ours = Linear(24, 40, bias=bias)
    theirs = nn.Linear(24, 40, bias=bias)
    theirs.load_state_dict(ours.state_dict())
    return ours, theirs


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("shape", [(24,), (1, 24), (5, 24), (2, 3, 24), (2, 3, 4, 24)])
def test_value_and_derivatives_are_those_of_torch(shape, bias):
    ours, theirs = pair(bias)
    x, same = (torch.randn(shape, generator=torch.Generator().manual_seed(1)).requires_grad_() for _ in range(2))
    with torch.no_grad():
        torch.testing.assert_close(ours(x), theirs(same))
    torch.testing.assert_close(ours(x), theirs(same))
    (ours(x) ** 2).sum().backward()
    (theirs(same) ** 2).sum().backward()
    torch.testing.assert_close(x.grad, same.grad)
    for name, parameter in ours.named_parameters():
        torch.testing.assert_close(parameter.grad, theirs.get_parameter(name).grad)


def test_a_view_whose_rows_do_not_lie_together_is_read_right():
    ours, theirs = pair(True)
    for x in (torch.randn(4, 6, 24).transpose(0, 1), torch.randn(3, 48)[:, ::2], torch.randn(1, 24).expand(5, 24)):
        torch.testing.assert_close(ours(x), theirs(x))


def test_frozen_weights_get_no_gradient():
    ours, _ = pair(True)
    ours.requires_grad_(False)
    x = torch.randn(3, 24, requires_grad=True)
    ours(x).sum().backward()
    assert x.grad is not None
    assert ours.weight.grad is None
    assert not ours(x.detach()).requires_grad


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_other_precisions_are_left_to_torch(dtype):
    ours, theirs = (layer.to(dtype) for layer in pair(True))
    x = torch.randn(5, 24, dtype=dtype)
    assert torch.equal(ours(x), theirs(x))


def test_autocast_still_decides_the_precision():
    ours, theirs = pair(True)
    x = torch.randn(5, 24)
    with torch.autocast("cpu", torch.bfloat16):
        assert ours(x).dtype == torch.bfloat16
        assert torch.equal(ours(x), theirs(x))
