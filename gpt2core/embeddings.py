"""Rows of an embedding table: which are alike, what they add up to, and along which directions they vary. N rows, C model width."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional as F

from gpt2core.errors import InvalidSetting

Measure = Literal["cosine", "dot", "euclidean"]
MEASURES: tuple[Measure, ...] = ("cosine", "dot", "euclidean")


@torch.no_grad()
def alike(table: Tensor, vector: Tensor, measure: Measure = "cosine", *, centred: bool = False) -> Tensor:
    """How alike every row of `table` [N, C] and `vector` [C] are: [N].

    cosine, -1..1, and dot product: the greater, the more alike. euclidean: the distance, the smaller, the more alike. centred: the mean
    row is taken away from both first, so that what all rows share counts for nothing (a distance is the same either way).
    Raises: InvalidSetting for another measure.
    """
    table, vector = table.detach().float(), vector.detach().float()
    if centred:
        mean = table.mean(0)
        table, vector = table - mean, vector - mean
    if measure == "cosine":
        return (table @ F.normalize(vector, dim=0) / table.norm(dim=-1).clamp_min(1e-12)).clamp(-1.0, 1.0)
    if measure == "dot":
        return table @ vector
    if measure == "euclidean":
        return (table - vector).norm(dim=-1)
    raise InvalidSetting("There is no measure of that name; choose one of {choices}.", choices=", ".join(MEASURES))


def nearest_rows(
    table: Tensor,
    vector: Tensor,
    k: int,
    measure: Measure = "cosine",
    *,
    centred: bool = False,
    left_out: Collection[int] = (),
) -> tuple[Tensor, Tensor]:
    """The k rows of `table` [N, C] that are most alike `vector` [C], those `left_out` left out: (row numbers, values), the most alike first.

    Among equals the lower row comes first; fewer than k where there are fewer. Raises: as `alike`.
    """
    values = alike(table, vector, measure, centred=centred)
    order = values.argsort(descending=measure != "euclidean", stable=True)
    if left_out:
        order = order[~torch.isin(order, torch.tensor(sorted(left_out)))]
    return order[:k], values[order[:k]]


def cosines(table: Tensor, row: int) -> Tensor:
    """Cosine of every row of `table` [N, C] with one of them, as they are: [N], -1..1; 0 for a row of zeros.

    Raises: InvalidSetting if there is no such row.
    """
    return alike(table, row_of(table, row))


@torch.no_grad()
def row_of(table: Tensor, row: int) -> Tensor:
    """[C]. Raises: InvalidSetting if there is no such row."""
    if not 0 <= row < table.size(0):
        raise InvalidSetting(
            "There is no row {row}; this table's rows are 0 to {last:,}.", row=row, last=table.size(0) - 1
        )
    return table[row].detach().float()


def analogy_vector(table: Tensor, a: int, b: int, c: int) -> Tensor:
    """Row a - row b + row c of `table` [N, C]: [C]. Source: Mikolov et al., "Linguistic regularities in continuous space word
    representations", 2013. Raises: InvalidSetting if there is no such row."""
    return row_of(table, a) - row_of(table, b) + row_of(table, c)


@dataclass(frozen=True, eq=False)
class Components:
    """Principal components of a table. mean [C]; directions [K, C], of length 1, the one along which the rows vary most first; shares [K]:
    of the whole variance."""

    mean: Tensor
    directions: Tensor
    shares: Tensor

    def coordinates(self, rows: Tensor, which: Sequence[int]) -> Tensor:
        """Where `rows` [N, C] lie along these components: [N, len(which)]."""
        return (rows.detach().float() - self.mean) @ self.directions[list(which)].T

    def shares_of(self, rows: Tensor, which: Sequence[int]) -> Tensor:
        """How much of the variance of `rows`, around their own mean, lies along these components: [len(which)]."""
        rows = rows.detach().double()
        away = rows - rows.mean(0)
        along = away @ self.directions[list(which)].double().T
        return (along.square().sum(0) / away.square().sum().clamp_min(1e-30)).float()


@torch.no_grad()
def principal_components(table: Tensor) -> Components:
    """Of the rows of `table` [N, C], all min(N, C) of them: the eigenvectors of the covariance, in float64.

    Each direction's largest part (by its absolute value) is above 0, so that the same table gives the same picture wherever it is computed.
    Raises: InvalidSetting for a table of fewer than two rows.
    """
    if table.size(0) < 2:
        raise InvalidSetting("Principal components need at least two rows; this table has {n}.", n=table.size(0))
    rows = table.detach().double()
    mean = rows.mean(0)
    away = rows - mean
    variances, vectors = torch.linalg.eigh(away.T @ away)  # rising; [C], [C, C] in columns
    n = min(table.shape)
    variances, directions = variances.flip(0)[:n].clamp_min(0), vectors.T.flip(0)[:n]
    largest = directions.gather(1, directions.abs().argmax(1, keepdim=True))
    directions = directions * torch.where(largest < 0, -1.0, 1.0)
    whole = away.square().sum().clamp_min(1e-30)
    return Components(mean.float(), directions.float(), (variances / whole).float())
