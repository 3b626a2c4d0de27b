"""The loss of next-token prediction, and the same in a third of the memory traffic.

B batch, T tokens, N = B T predictions, C model width, V vocabulary.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

from gpt2core.linear import product
from gpt2core.model import GPTModel, Tap

_SLICE = 3_000_000  # logits at a time: few enough to stay in a processor's cache, enough to keep a product busy


def next_token_loss(logits: Tensor, targets: Tensor) -> Tensor:
    """Mean cross-entropy. logits [B, T, V], targets [B, T] -> [] nats per token."""
    return F.cross_entropy(logits.flatten(0, 1), targets.flatten())


def seeing_all(site: str, layer: int | None, value: Tensor) -> Tensor:
    """A tap that hides nothing: every token sees its whole window, the one that it is asked for too."""
    return torch.zeros_like(value) if site == "mask" else value


class NextTokenLoss(nn.Module):
    """model and loss in one module, to be compiled or distributed as one. inputs, targets [B, T] -> [] nats per token.

    tap: what the pass is changed by, as seeing_all.
    """

    def __init__(self, model: GPTModel, tap: Tap | None = None) -> None:
        super().__init__()
        self.model, self.tap = model, tap

    def forward(self, inputs: Tensor, targets: Tensor) -> Tensor:
        if inputs.device.type != "cpu" or torch.compiler.is_compiling() or not torch.is_grad_enabled():
            return next_token_loss(self.model(inputs, self.tap), targets)
        precision = torch.get_autocast_dtype("cpu") if torch.is_autocast_enabled("cpu") else torch.float32
        hidden = self.model.before_head(inputs, self.tap).flatten(0, 1)  # [N, C]
        return _HeadLoss.apply(hidden, self.model.out_head.weight, targets.flatten(), precision)


class _HeadLoss(torch.autograd.Function):
    """Output head, softmax and cross-entropy together: the derivative by the logits, (softmax - target) / N, takes the place of
    the logits a few rows at a time, so that [N, V] numbers are written once and in `precision`."""

    @staticmethod
    def forward(ctx: Any, hidden: Tensor, weight: Tensor, targets: Tensor, precision: torch.dtype) -> Tensor:
        N = len(hidden)
        h, w = hidden.to(precision), weight.to(precision)
        by_logits = torch.empty(N, len(weight), dtype=precision)  # [N, V]
        total = torch.zeros(())
        with torch.autocast("cpu", enabled=False):
            n_rows = max(1, _SLICE // len(weight))
            for first in range(0, N, n_rows):
                rows = slice(first, first + n_rows)
                wanted = targets[rows, None]
                log_p = torch.log_softmax(product(h[rows], w).float(), -1)
                total -= log_p.gather(1, wanted).sum()
                slope = log_p.exp_().scatter_add_(1, wanted, torch.full(wanted.shape, -1.0))
                torch.mul(slope, 1 / N, out=by_logits[rows])
            ctx.save_for_backward(
                product(by_logits, w.t()).to(hidden.dtype) if ctx.needs_input_grad[0] else None,
                (by_logits.t() @ h).to(weight.dtype) if ctx.needs_input_grad[1] else None,
            )
        return total / N

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor | None, None, None]:
        by_hidden, by_weight = ctx.saved_tensors
        scale = gradient.item()
        if scale != 1:
            by_hidden, by_weight = (None if part is None else part * scale for part in (by_hidden, by_weight))
        return by_hidden, by_weight, None, None
