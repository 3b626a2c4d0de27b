"""A model that reads half as many bytes a token.

Decoding one token reads every weight once and does little else, so its speed is that of memory. Weights are kept in
float16 (half the bytes) and widened in the processor; activations, sums, norms and embeddings stay in float32. int8 and bf16
were measured beside it: docs/benchmarks.md.
"""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn

from gpt2core.model import GPTModel


class HalfLinear(nn.Module):
    """nn.Linear with float16 weights, laid out for a processor that widens them as it multiplies (FBGEMM)."""

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        bias = None if linear.bias is None else linear.bias.detach().clone()
        self._packed = torch.ops.quantized.linear_prepack_fp16(linear.weight.detach(), bias)

    def forward(self, x: Tensor) -> Tensor:
        return torch.ops.quantized.linear_dynamic_fp16(x, self._packed)


def half_products_exist(model: GPTModel) -> bool:
    """Whether this processor, and the place where the model lies, can run HalfLinear."""
    return model.tok_emb.weight.device.type == "cpu" and torch.backends.quantized.engine in {"fbgemm", "x86"}


def reduced_precision(model: GPTModel) -> GPTModel:
    """A copy for reading and generating only, faster and smaller; `model` stays as it is.

    On x86 processors the linear maps get float16 weights. Elsewhere the whole copy is in bfloat16.
    """
    if not half_products_exist(model):
        return copy.deepcopy(model).to(torch.bfloat16).eval()
    linears = {name: module for name, module in model.named_modules() if isinstance(module, nn.Linear)}
    lent = {id(linear): linear for linear in linears.values()}  # not copied, for each is about to be replaced
    reduced = copy.deepcopy(model, lent).eval().requires_grad_(False)
    for name, linear in linears.items():
        parent, _, leaf = name.rpartition(".")
        setattr(reduced.get_submodule(parent), leaf, HalfLinear(linear))
    return reduced
