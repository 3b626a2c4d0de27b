"""Texts written side by side: each a stream of tokens of its own, all growing together. Free of Gradio."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict

import torch

from explorer.store.services import RunKey, Services
from explorer.widgets.columns import Drawn
from explorer.wording.text import token_labels
from gpt2core import SamplingSettings, generate


class Stream:
    """`run` continued by its model with a seed: what gpt2core.generate yields, and how each token is shown."""

    def __init__(self, services: Services, run: RunKey, settings: SamplingSettings, seed: int, n_tokens: int) -> None:
        self.run, self.seed = run, seed
        self.tokenizer = services.models.tokenizer(run.model)
        self.drawn: list[Drawn] = []
        model = services.models.get(run.model).model
        self._steps = generate(model, run.token_ids, n_tokens, **asdict(settings), seed=seed)

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


def growing(streams: Sequence[Stream], n_tokens: int, max_seconds: float) -> Iterator[int]:
    """Let all streams grow together, telling after each round how many tokens they have, up to n_tokens or the time limit."""
    began = time.monotonic()
    for n in range(1, n_tokens + 1):
        for stream in streams:
            stream.grow()
        yield n
        if time.monotonic() - began > max_seconds:
            return


def _rank(logits: torch.Tensor, token_id: int) -> int:
    """1 for the largest logit; among equals the lowest id comes first."""
    mine = logits[token_id]
    return int((logits > mine).sum() + (logits[:token_id] == mine).sum()) + 1
