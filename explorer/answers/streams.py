"""Texts written side by side: each a stream of tokens of its own, all growing together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

import torch

from explorer.answers.pace import Pace
from explorer.store.services import RunKey, Services
from explorer.wording.text import TokenLabel, token_labels
from gpt2core import SamplingSettings, generate


@dataclass(frozen=True)
class Drawn:
    """One token drawn. probability: after the filters; rank: its place in the model's own order, 1 the likeliest."""

    label: TokenLabel
    probability: float
    rank: int


@dataclass(frozen=True)
class Column:
    """parting: the place of the first token that is another than in the other column, None where there is none."""

    title: str
    drawn: Sequence[Drawn]
    parting: int | None = None


class Stream:
    """`run` continued by its model with a seed: what gpt2core.generate yields, and how each token is shown."""

    def __init__(self, services: Services, run: RunKey, settings: SamplingSettings, seed: int, n_tokens: int) -> None:
        self.run, self.seed = run, seed
        self.tokenizer = services.models.tokenizer(run.model)
        self.drawn: list[Drawn] = []
        model = services.models.get(run.model).model
        self._steps = generate(model, run.token_ids, n_tokens, **asdict(settings), seed=seed, edits=run.pass_edits)

    def grow(self) -> None:
        """Draw one more token. Raises: NotFinite."""
        step = next(self._steps)
        label = token_labels([step.token_id], self.tokenizer)[0]
        self.drawn.append(Drawn(label, step.probability, _rank(step.logits, step.token_id)))

    @property
    def token_ids(self) -> list[int]:
        return [one.label.token_id for one in self.drawn]

    @property
    def tokens(self) -> list[bytes]:
        return [self.tokenizer.token_bytes(token_id) for token_id in self.token_ids]


def growing(streams: Sequence[Stream], n_tokens: int, pace: Pace) -> Iterator[int]:
    """Let all streams grow together, telling after each round how many tokens they have, up to n_tokens or until time is over."""
    for n in range(1, n_tokens + 1):
        for stream in streams:
            stream.grow()
        yield n
        if pace.out_of_time():
            return


def _rank(logits: torch.Tensor, token_id: int) -> int:
    """1 for the largest logit; among equals the lowest id comes first."""
    mine = logits[token_id]
    return int((logits > mine).sum() + (logits[:token_id] == mine).sum()) + 1
