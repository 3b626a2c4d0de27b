"""The logit lens over the whole stream: what the model would say if it stopped at any of its places, at any token.

T tokens, P places, V vocabulary, n positions that are looked at. Divergences are in nats.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from gpt2core.analysis import checked_position, logit_lens, ranks
from gpt2core.config import GPTConfig
from gpt2core.errors import TokenOutOfRange
from gpt2core.model import GPTModel
from gpt2core.trace import Trace

Place = tuple[str, int]
ROWS_AT_ONCE = 64
LENS_SITES = frozenset({"resid_pre", "resid_mid", "resid_post", "logits"})


@dataclass(frozen=True, eq=False)
class LensGrid:
    """What is read at every place and position.

    places [P]: site and layer. positions [n]. first [P, n]: the likeliest token's id, the lowest among equals; shares [P, n]: its
    probability. ranks [P, n]: of the token that came next, 1 the likeliest; 0 where none came. divergences [P, n]: Kullback and
    Leibler's, of the model's answer from what is read here: sum of p ln(p / q), p the answer, 0 where they agree.
    """

    places: tuple[Place, ...]
    positions: tuple[int, ...]
    first: Tensor
    shares: Tensor
    ranks: Tensor
    divergences: Tensor


def lens_places(config: GPTConfig) -> tuple[Place, ...]:
    """Where the stream can be read, in the order of the pass: after the embedding, then after each layer's attention and its MLP."""
    layers = ((site, layer) for layer in range(config.n_layers) for site in ("resid_mid", "resid_post"))
    return (("resid_pre", 0), *layers)


@torch.no_grad()
def lens_grid(trace: Trace, model: GPTModel, positions: Sequence[int] | None = None) -> LensGrid:
    """The lens at every place. positions: all if None; -1 is the last. Needs the sites LENS_SITES.

    A few positions of one place at a time are unembedded, so that no more than ROWS_AT_ONCE x V numbers are held, in the processor's
    caches where V is a few thousand.
    Raises: MissingActivation, InvalidSetting for a position that is not there or a trace of another model.
    """
    asked = range(len(trace.token_ids)) if positions is None else positions
    at = [checked_position(trace, position) for position in asked]
    columns: list[list[Tensor]] = [[], [], [], []]
    places = lens_places(trace.config)
    for first in range(0, max(1, len(at)), ROWS_AT_ONCE):
        some = at[first : first + ROWS_AT_ONCE]
        answer, next_ids = trace["logits"][some].log_softmax(-1), _next_ids(trace, some)
        rows = [lens_row(logit_lens(trace, model, layer, site, some), answer, next_ids) for site, layer in places]
        for column, parts in zip(columns, zip(*rows, strict=True), strict=True):
            column.append(torch.stack(parts))
    return LensGrid(places, tuple(at), *(torch.cat(column, 1) for column in columns))


@torch.no_grad()
def lens_shares(trace: Trace, model: GPTModel, position: int, token_ids: Sequence[int] | None = None) -> Tensor:
    """The shares of these tokens (all V if None) at every place, at one position: [P, len(token_ids)].

    Raises: TokenOutOfRange, and what lens_grid raises.
    """
    for token_id in token_ids or ():
        if not 0 <= token_id < trace.config.vocab_size:
            raise TokenOutOfRange(token_id, trace.config.vocab_size)
    rows = [
        logit_lens(trace, model, layer, site, [position])[0].softmax(-1) for site, layer in lens_places(trace.config)
    ]
    shares = torch.stack(rows)  # [P, V]
    return shares if token_ids is None else shares[:, list(token_ids)]


def lens_row(logits: Tensor, answer: Tensor, next_ids: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """first, shares, ranks, divergences [n] of one place. logits, answer [n, V], next_ids [n], -1 where none came."""
    logs = logits.log_softmax(-1)
    first = logits.argmax(-1)
    shares = logs.gather(-1, first.unsqueeze(-1)).squeeze(-1).exp()
    placed = ranks(logits, next_ids.clamp_min(0)) * (next_ids >= 0)
    apart = (answer.exp() * (answer - logs)).sum(-1).clamp_min(0)
    return first, shares, placed, apart


def _next_ids(trace: Trace, positions: Sequence[int]) -> Tensor:
    """[n]; -1 after the last token."""
    followed = (*trace.token_ids[1:], -1)
    return torch.tensor([followed[position] for position in positions], device=trace["logits"].device)
