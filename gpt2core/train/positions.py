"""Position rows in training: how they begin, and that those which nothing reads stay as they are.

T tokens in a window, C model width.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import torch

from gpt2core.model import GPTModel, sinusoids


def begin_as_sine_waves(model: GPTModel, height: float) -> None:
    """Every row of the position table becomes a sine wave, -height to height, in place."""
    rows = model.pos_emb.weight
    with torch.no_grad():
        rows.copy_(sinusoids(*rows.shape) * height)  # [T, C]


@contextlib.contextmanager
def unread_rows_kept(model: GPTModel, window: int) -> Iterator[None]:
    """Around an update by windows of `window` tokens: the position rows behind them, which have no gradient, are not pulled at by
    decay either, so that longer windows find them as they began."""
    unread = model.pos_emb.weight.detach()[window:]
    before = unread.clone()
    yield
    unread.copy_(before)
