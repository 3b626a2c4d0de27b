"""t-SNE of a token table, round after round, kept by model. N tokens, C model width.

Source: van der Maaten and Hinton, "Visualizing data using t-SNE", 2008; computed by openTSNE (Poličar et al., 2024). On one thread, from
the first two principal components on, with a seed: the same table gives the same map.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from explorer.answers.pace import Pace
from explorer.catalogue import catalogue
from explorer.store.services import Services
from gpt2core.errors import InvalidSetting

say = catalogue("vocabulary")

LEAST_TOKENS = 20
MAX_SECONDS = 900.0
SECONDS_BETWEEN_UPDATES = 0.7
ROUNDS_AT_A_TIME = 5
ROWS_AT_A_TIME = 512


@dataclass(frozen=True)
class TSNE:
    """Settings. early: rounds with attraction exaggerated, which pull clusters together, of `rounds` in all."""

    perplexity: int
    seed: int
    early: int
    rounds: int

    @classmethod
    def for_rows(cls, n: int) -> TSNE:
        """Those that are used for a table of n rows."""
        return cls(min(30, max(2, n // 4)), 0, 150, 500)


@dataclass(frozen=True, eq=False)
class Layout:
    """Where the tokens lie, [N, 2]. divergence: how much is lost, in nats, as t-SNE measures it."""

    places: Tensor
    divergence: float


@dataclass(frozen=True, eq=False)
class Progress:
    """How far it is. told: in words; done: rounds; layout: None while neighbours are looked for; over: it has ended."""

    told: str
    done: int
    layout: Layout | None
    over: bool


def kept_tsne(services: Services, model: str) -> Layout | None:
    """None until it was computed."""
    found: Layout | None = services.layouts.get(_key(services, model))
    return found


def _key(services: Services, model: str) -> tuple[Any, ...]:
    return model, "tsne", TSNE.for_rows(services.models.get(model).model.config.vocab_size)


def tsne_of(services: Services, model: str) -> Iterator[Progress]:
    """Told while it grows; kept once it is whole. Raises: InvalidSetting for a vocabulary of a few tokens."""
    table = services.models.get(model).model.tok_emb.weight.detach().float()
    n = len(table)
    settings = TSNE.for_rows(n)
    if n < LEAST_TOKENS:
        raise InvalidSetting(say("tsne_too_few", n=n, least=LEAST_TOKENS))
    kept = kept_tsne(services, model)
    pace = Pace(SECONDS_BETWEEN_UPDATES, MAX_SECONDS)
    if kept is None:
        for state in grown(table, settings):
            if isinstance(state, float):
                if pace.due():
                    yield Progress(say("tsne_neighbours", share=f"{100 * state:.0f}"), 0, None, False)
                continue
            done, layout = state
            if done == settings.rounds:
                services.layouts.put(_key(services, model), layout)
                kept = layout
            elif pace.out_of_time():
                yield Progress(say("tsne_out_of_time", seconds=int(MAX_SECONDS), done=done), done, layout, True)
                return
            elif pace.due():
                told = say("tsne_round", done=done, n=settings.rounds)
                yield Progress(told, done, layout, False)
    assert kept is not None
    yield Progress("", settings.rounds, kept, True)


def grown(table: Tensor, settings: TSNE) -> Iterator[float | tuple[int, Layout]]:
    """First shares of the rows whose neighbours were found, then (rounds done, the layout after them), the last of them being whole."""
    from openTSNE import TSNEEmbedding, affinity, initialization  # noqa: PLC0415 a second to import, and few ask for it
    from openTSNE.nearest_neighbors import PrecomputedNeighbors  # noqa: PLC0415

    # distances between directions, so that how long a row is (how often its token was read) does not decide
    rows = F.normalize(table - table.mean(0), dim=-1)
    k = min(len(table) - 1, 3 * settings.perplexity)
    found, distances = [], []
    for start in range(0, len(rows), ROWS_AT_A_TIME):
        part = rows[start : start + ROWS_AT_A_TIME]
        likeness = part @ rows.T  # [rows, N]
        own = torch.arange(start, start + len(part))
        likeness[torch.arange(len(part)), own] = -torch.inf
        apart = -likeness.numpy()
        ids = np.argpartition(apart, k - 1, axis=1)[:, :k]  # a tenth of the time of a sort
        near = np.take_along_axis(apart, ids, axis=1)
        turn = np.lexsort((ids, near))  # by distance, among equals the lower id first
        found.append(np.take_along_axis(ids, turn, axis=1))
        distances.append(np.sqrt(np.clip(2 + 2 * np.take_along_axis(near, turn, axis=1), 0, None)))
        yield min(1.0, (start + ROWS_AT_A_TIME) / len(rows))
    neighbours = PrecomputedNeighbors(np.concatenate(found), np.concatenate(distances).astype(np.float64))
    attraction = affinity.PerplexityBasedNN(
        knn_index=neighbours, perplexity=settings.perplexity, n_jobs=1, random_state=settings.seed
    )
    begin = initialization.pca(rows.numpy(), random_state=settings.seed)
    layout = TSNEEmbedding(begin, attraction, n_jobs=1, random_state=settings.seed)
    for done in range(ROUNDS_AT_A_TIME, settings.rounds + 1, ROUNDS_AT_A_TIME):
        early = done <= settings.early
        layout.optimize(
            ROUNDS_AT_A_TIME,
            exaggeration=12 if early else 1,
            momentum=0.5 if early else 0.8,
            inplace=True,
        )
        places = torch.from_numpy(np.array(layout, dtype=np.float32))
        yield done, Layout(places, float(layout.kl_divergence))
