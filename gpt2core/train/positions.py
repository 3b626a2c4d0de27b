"""Help in finding the token before: fine waves in the position rows, and a head of the first layer that reads them.

T tokens, C model width, D head width, F waves, 2F <= D.
"""

from __future__ import annotations

import math
from typing import cast

import torch
from torch import Tensor

from gpt2core.errors import InvalidSetting
from gpt2core.model import GPTModel, TransformerBlock

_SLOWEST, _QUICKEST = 0.03, 2.2  # radians a token: a wave of 200 tokens, and one of 3
_HEIGHT = 0.4
_SHARPNESS = 1.5
_WINDOWS = 100


def look_at_previous(model: GPTModel, token_ids: Tensor, head: int) -> None:
    """Rewrite the queries and keys of `head` in layer 0, in place, so that each token looks at the one before.

    Small models tell near positions apart badly: their position rows drown in what the tokens say. So F waves are added to the
    rows, along the directions in which the tokens of `token_ids` [N] vary least; a least-squares fit reads them back from what
    attention reads; the head's keys are the waves and its queries the same a step earlier. Values and output stay, and
    everything remains free to change in training. Raises: InvalidSetting.
    """
    _check(model, head)
    config = model.config
    T, D = config.context_length, config.head_dim
    n_waves = min(16, D // 2)
    n_windows = min(_WINDOWS, len(token_ids) // T)
    if n_waves == 0 or n_windows == 0:
        raise InvalidSetting(
            "A head that finds the token before needs a width of 2 and a text of {n:,} tokens at least. "
            "Choose a wider head, or add more text.",
            n=T,
        )
    home = model.tok_emb.weight.device
    model.cpu()  # once a run: not worth a road of its own on a GPU
    block = cast(TransformerBlock, model.trf_blocks[0])
    with torch.no_grad():
        windows = token_ids[: n_windows * T].view(n_windows, T)
        speeds = torch.logspace(math.log10(_QUICKEST), math.log10(_SLOWEST), n_waves, dtype=torch.float64)
        angles = torch.arange(T, dtype=torch.float64).unsqueeze(1) * speeds  # [T, F]
        waves = torch.cat([angles.sin(), angles.cos()], 1)  # [T, 2F]
        rows = model.tok_emb(windows).flatten(0, 1).double()  # [N, C]
        quiet = torch.linalg.eigh(rows.T.cov()).eigenvectors[:, : 2 * n_waves]  # [C, 2F], where tokens vary least
        model.pos_emb.weight += (_HEIGHT * waves @ quiet.T).float()

        read = block.norm1(model.tok_emb(windows) + model.pos_emb.weight).flatten(0, 1).double()  # [N, C]
        fit = _least_squares(read, waves.repeat(n_windows, 1))  # [C + 1, 2F]
        sine, cosine = fit.chunk(2, 1)
        before = torch.cat(  # sin(w (t - 1)), cos(w (t - 1))
            [sine * speeds.cos() - cosine * speeds.sin(), cosine * speeds.cos() + sine * speeds.sin()], 1
        )
        scale = math.sqrt(_SHARPNESS * math.sqrt(D))
        for projection, wanted in ((block.att.W_key, fit), (block.att.W_query, before)):
            span = slice(head * D, head * D + D)
            projection.weight[span] = 0
            projection.weight[span][: 2 * n_waves] = (scale * wanted[:-1].T).float()
            if projection.bias is not None:
                projection.bias[span] = 0
                projection.bias[span][: 2 * n_waves] = (scale * wanted[-1]).float()
    model.to(home)


def _least_squares(inputs: Tensor, targets: Tensor) -> Tensor:
    """Weights, the last row a constant, so that inputs @ weights is near targets. [N, C], [N, K] -> [C + 1, K]"""
    known = torch.cat([inputs, torch.ones(len(inputs), 1, dtype=inputs.dtype)], 1)
    ridge = 1e-3 * len(inputs) * torch.eye(known.size(1), dtype=inputs.dtype)
    return torch.linalg.solve(known.T @ known + ridge, known.T @ targets)


def sharpen(model: GPTModel, head: int, factor: float = 1.5) -> None:
    """Multiply the attention scores of `head` in layer 0, in place: it looks where it looked, and less elsewhere. Raises: InvalidSetting."""
    _check(model, head)
    query, D = cast(TransformerBlock, model.trf_blocks[0]).att.W_query, model.config.head_dim
    with torch.no_grad():
        for learned in (query.weight, query.bias):
            if learned is not None:
                learned[head * D : head * D + D] *= factor


def _check(model: GPTModel, head: int) -> None:
    if not 0 <= head < model.config.n_heads:
        raise InvalidSetting(
            "There is no head {head}; this model's heads are 0 to {last}.", head=head, last=model.config.n_heads - 1
        )
