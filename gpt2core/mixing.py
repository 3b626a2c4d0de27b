"""Why token rows and position rows may be added: how the two tables lie to one another, and what a linear probe reads back of their sum.

N tokens, P positions, C model width, S sampled pairs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from gpt2core.errors import InvalidSetting
from gpt2core.ranges import checked_seed

N_LEARNT, N_ASKED = 16_000, 2_000  # pairs of a token and a position
LEAST_TOKENS = 10
RIDGE = 1e-4  # of the mean variance of a dimension, so that the probe's equations have one answer


@dataclass(frozen=True)
class Mixing:
    """token_length, position_length: of a row, on average. overlap: mean absolute cosine of a token row and a position row; chance: the
    same of two random directions. position_read, token_read: share of the asked pairs whose position, or token among all N, the probe
    names; position_off: how many positions it is off on average. n_positions, n_tokens: what it chooses among."""

    token_length: float
    position_length: float
    overlap: float
    chance: float
    position_read: float
    position_off: float
    token_read: float
    n_positions: int
    n_tokens: int


@torch.no_grad()
def mixing(token_table: Tensor, position_table: Tensor, known: Sequence[int] | None = None, seed: int = 0) -> Mixing:
    """token_table [N, C], position_table [P, C]. known: the tokens that are asked about, all of them if None.

    The probe is one matrix from the sum to what was added, fitted by least squares on pairs of half of the tokens, and asked about
    pairs of the other half: it has never met them. Raises: InvalidSetting for fewer than ten tokens.
    """
    tokens, positions = token_table.detach().float(), position_table.detach().float()
    ids = torch.arange(len(tokens)) if known is None else torch.tensor(sorted(known))
    if len(ids) < LEAST_TOKENS:
        raise InvalidSetting("A probe needs at least {least} tokens; there are {n}.", least=LEAST_TOKENS, n=len(ids))
    dice = torch.Generator().manual_seed(checked_seed(seed))
    ids = ids[torch.randperm(len(ids), generator=dice)]
    learnt, asked = ids[: len(ids) // 2], ids[len(ids) // 2 :]

    def pairs(among: Tensor, n: int) -> tuple[Tensor, Tensor]:
        token = among[torch.randint(len(among), (n,), generator=dice)]
        return token, torch.randint(len(positions), (n,), generator=dice)

    token, position = pairs(learnt, N_LEARNT)
    to_position = _fitted(tokens[token] + positions[position], F.one_hot(position, len(positions)).float())
    to_token = _fitted(tokens[token] + positions[position], tokens[token])
    token, position = pairs(asked, N_ASKED)
    x = tokens[token] + positions[position]  # [S, C]
    named = _read(to_position, x).argmax(-1)
    rows = _read(to_token, x)  # [S, C]
    nearest = torch.cat([torch.cdist(part, tokens).argmin(-1) for part in rows.split(256)])
    overlap = (F.normalize(tokens[ids], dim=-1) @ F.normalize(positions, dim=-1).T).abs().mean()
    return Mixing(
        token_length=float(tokens[ids].norm(dim=-1).mean()),
        position_length=float(positions.norm(dim=-1).mean()),
        overlap=float(overlap),
        chance=math.sqrt(2 / (math.pi * tokens.size(1))),
        position_read=float((named == position).float().mean()),
        position_off=float((named - position).abs().float().mean()),
        token_read=float((nearest == token).float().mean()),
        n_positions=len(positions),
        n_tokens=len(tokens),
    )


def _fitted(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Least squares from x [S, C] to y [S, K], with a little ridge: mean of x, matrix [C, K], mean of y."""
    mean, offset = x.mean(0), y.mean(0)
    away = (x - mean).double()
    gram = away.T @ away
    ridge = RIDGE * gram.diagonal().mean() * torch.eye(len(gram), dtype=gram.dtype)
    return mean, torch.linalg.solve(gram + ridge, away.T @ (y - offset).double()).float(), offset


def _read(probe: tuple[Tensor, Tensor, Tensor], x: Tensor) -> Tensor:
    mean, matrix, offset = probe
    return (x - mean) @ matrix + offset
