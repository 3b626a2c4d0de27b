"""Which rows of an embedding table point the same way. N rows, C model width."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from gpt2core.errors import InvalidSetting


@torch.no_grad()
def cosines(table: Tensor, row: int) -> Tensor:
    """Cosine of every row of `table` [N, C] with one of them: [N], -1..1; 0 for a row of zeros.

    Raw, as cosine is defined: the mean of the table is not taken away first, so rows that share it look alike.
    Raises: InvalidSetting if there is no such row.
    """
    if not 0 <= row < table.size(0):
        raise InvalidSetting(
            "There is no row {row}; this table's rows are 0 to {last:,}.", row=row, last=table.size(0) - 1
        )
    table = table.detach().float()
    lengths = table.norm(dim=-1)  # [N]
    return (table @ F.normalize(table[row], dim=0) / lengths.clamp_min(1e-12)).clamp(-1.0, 1.0)


def nearest_tokens(embedding_table: Tensor, token_id: int, k: int) -> tuple[Tensor, Tensor]:
    """The k tokens whose rows point most nearly the same way, the token itself left out: (ids, cosines), falling.

    embedding_table [V, C]; among equals the lower id comes first; fewer than k where the table has fewer rows.
    Raises: InvalidSetting for a token outside the table.
    """
    likeness = cosines(embedding_table, token_id)
    falling = likeness.argsort(descending=True, stable=True)
    ids = falling[falling != token_id][:k]
    return ids, likeness[ids]
