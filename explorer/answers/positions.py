"""The position table as a picture: its rows, their cosines, its principal components as curves; and sine waves beside it. P positions,
C model width."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor
from torch.nn import functional as F

from explorer.catalogue import catalogue
from explorer.store.services import Services
from gpt2core.embeddings import principal_components
from gpt2core.errors import InvalidSetting
from gpt2core.model import sinusoids

say = catalogue("positions")

VIEWS = ("rows", "cosines")
MOST_ROWS = 256  # positions of a picture
N_CURVES = 6
COLOURED = 0.99  # of the values lie within the scale: a few rows stand out so far that all others would be pale


@dataclass(frozen=True, eq=False)
class Pictured:
    """values: [R, C] or [R, R], of every `step`-th position. limit: where colours end, on both sides of 0; beyond: so many values lie farther out."""

    values: Tensor
    positions: list[int]
    step: int
    limit: float
    beyond: int


def checked_view(view: Any) -> str:
    if view not in VIEWS:
        raise InvalidSetting(say("bad_view"))
    return str(view)


def pictured(table: Tensor, view: str) -> Pictured:
    """table [P, C]. Raises: InvalidSetting for another view."""
    step = math.ceil(len(table) / MOST_ROWS)
    rows = table.detach().float()[::step]
    positions = list(range(0, len(table), step))
    if checked_view(view) == "rows":
        limit = float(rows.abs().flatten().kthvalue(max(1, round(COLOURED * rows.numel()))).values) or 1.0
        return Pictured(rows, positions, step, limit, int((rows.abs() > limit).sum()))
    unit = F.normalize(rows, dim=-1)
    return Pictured((unit @ unit.T).clamp(-1, 1), positions, step, 1.0, 0)


def tables_of(services: Services, model: str) -> tuple[Tensor, Tensor]:
    """The model's position table, and one of sine waves of the same size."""
    table = services.models.get(model).model.pos_emb.weight.detach()
    return table, sinusoids(*table.shape)


def curves_of(table: Tensor, n: int = N_CURVES) -> tuple[Tensor, list[float]]:
    """How the positions run along their first principal components: [n, P], and each one's share of the variance."""
    found = principal_components(table)
    which: Sequence[int] = range(min(n, len(found.shares)))
    return found.coordinates(table, which).T, found.shares[list(which)].tolist()


def nearness_in_words(table: Tensor) -> str:
    """How alike neighbours are, beside any two positions."""
    unit = F.normalize(table.float(), dim=-1)
    likeness = unit @ unit.T
    n = len(unit)
    others = (likeness.sum() - likeness.diagonal().sum()) / max(1, n * (n - 1))
    return say("nearness", next=float(likeness.diagonal(1).mean()), any=float(others)) if n > 1 else ""
