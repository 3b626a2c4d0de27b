"""Recipes that go wrong on purpose, each with a question before the run and an explanation after it. Knows nothing of the page."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace

from explorer.answers.recipe import Recipe
from explorer.answers.training import sample_text

TINY_CHARACTERS = 2_200


@dataclass(frozen=True)
class Case:
    """recipe: what goes wrong; text: what is learned with it."""

    recipe: Recipe
    text: Callable[[], str] = sample_text


def shuffled_words() -> str:
    """The sample text with its words in a random order, always the same: what stays is how often each comes."""
    words = sample_text().split(" ")
    random.Random(0).shuffle(words)
    return " ".join(words)


def tiny_text() -> str:
    return sample_text()[:TINY_CHARACTERS]


_QUICK = Recipe("mini", 300)
CASES: dict[str, Case] = {
    "rate": Case(replace(_QUICK, learning_rate=0.3)),
    "warmup": Case(Recipe("small", 100, 5e-3, 8, warmup_steps=0, clip_norm=1000.0)),
    "tiny": Case(replace(_QUICK, size="tiny", steps=300), tiny_text),
    "mask": Case(replace(_QUICK, steps=600, learning_rate=5e-3, causal=False)),
    "targets": Case(replace(_QUICK, shuffled_targets=True)),
    "dropout": Case(replace(_QUICK, drop_rate=0.5)),
    "shuffled": Case(_QUICK, shuffled_words),
}
