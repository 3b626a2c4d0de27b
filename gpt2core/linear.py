"""nn.Linear by a faster road: same parameters, same sums, another library.

On a processor torch hands a float32 product to MKL, and only lower precisions to oneDNN. Measured where MKL is not at home
(AMD EPYC, AVX-512; docs/benchmarks.md), oneDNN is 1.1 to 1.25 times as fast on GPT-2's matrices and about 1.7 times on its output
head. Everywhere else (GPU, bfloat16, torch.compile, a torch without the operator) this is nn.Linear.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

# An operator that torch.compile uses and torch does not document, hence looked for rather than taken for granted.
_AVAILABLE = torch.backends.mkldnn.is_available() and hasattr(torch.ops.mkldnn, "_linear_pointwise")


# Multiplications below which the road is longer than what it saves: the operator costs some 20 microseconds a call.
_WORTH_IT = 2_000_000


class Linear(nn.Linear):
    """x @ weight.T + bias. [..., in] -> [..., out]"""

    def forward(self, x: Tensor) -> Tensor:
        if (
            x.numel() * self.out_features < _WORTH_IT
            or not _AVAILABLE
            or x.device.type != "cpu"
            or not (x.dtype == self.weight.dtype == torch.float32)
            or torch.is_autocast_enabled("cpu")
            or torch.compiler.is_compiling()
        ):
            return F.linear(x, self.weight, self.bias)
        if torch.is_grad_enabled():
            return _Product.apply(x, self.weight, self.bias)
        return product(x, self.weight, self.bias)


def product(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """x @ weight.T + bias without a derivative, x on the CPU and of the weight's precision."""
    if not _AVAILABLE or weight.dtype != torch.float32:
        return F.linear(x, weight, bias)
    return torch.ops.mkldnn._linear_pointwise(x, weight, bias, "none", [], "")


class _Product(torch.autograd.Function):
    """The product with its derivatives; MKL keeps the one at which it is no slower."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        ctx.save_for_backward(x, weight)
        return product(x, weight, bias)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
        x, weight = ctx.saved_tensors
        wants_x, wants_weight, wants_bias = ctx.needs_input_grad
        rows = gradient.reshape(-1, gradient.size(-1))  # [N, out]
        return (
            product(gradient, weight.t()) if wants_x else None,
            rows.t() @ x.reshape(-1, x.size(-1)) if wants_weight else None,
            rows.sum(0) if wants_bias else None,
        )
