"""Attention patterns looked at with a part put aside. T tokens."""

from __future__ import annotations

from torch import Tensor


def without_first_token(pattern: Tensor) -> Tensor:
    """The pattern [..., T, T] with the first key hidden and each query's other weights scaled up to sum to 1 again.

    GPT-2 parks attention that it has no use for on the first token; what remains is easier to read, and is no longer what
    the model computed. A query that looked at nothing else (the first one never can) keeps a row of zeros.
    """
    others = pattern.clone()
    others[..., 0] = 0.0
    total = others.sum(-1, keepdim=True)
    return others / total.where(total > 0, total.new_ones(()))
