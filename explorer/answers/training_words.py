"""A training run in words: where it is, how it ended, and what its model is called."""

from __future__ import annotations

import math
from typing import Any

from explorer.answers.recipe import BYTES_ONLY, CHARACTERS, OWN, OWN_VOCABULARY, SHAPE, SIZES, Recipe, changed_fields
from explorer.answers.training import Progress
from explorer.answers.verdict import Kind
from explorer.catalogue import catalogue
from explorer.wording.numbers import in_units

say = catalogue("training")


def size_choice(name: str) -> str:
    config = SIZES[name]
    return say(
        "size_choice",
        name=name,
        layers=config.n_layers,
        heads=config.n_heads,
        parameters=in_units(config.n_parameters),
    )


def vocabulary_choice(size: int) -> str:
    if size in (OWN_VOCABULARY, CHARACTERS):
        return say("vocabulary_own") if size == OWN_VOCABULARY else say("vocabulary_characters")
    return say("vocabulary_bytes", n=size) if size == BYTES_ONLY else say("vocabulary_first", n=size)


def own_choice(number: int, progress: Progress) -> str:
    """What the Model menu calls a model trained here: `number` tells it from the person's others."""
    return say("choice", number=number, steps=progress.step, parameters=progress.n_parameters / 1e6)


def moment_choice(number: int, step: int) -> str:
    """What it calls a moment of run `number`."""
    return say("moment_choice", number=number, step=step)


def origin(progress: Progress) -> str:
    recipe = progress.recipe
    return say("origin", size=recipe.size, steps=recipe.steps, duration=clock(progress.seconds))


def outcome(progress: Progress, *, kept: bool) -> str:
    """How the run ended, in a sentence."""
    told = progress.trouble or say(
        progress.end, step=progress.step, steps=progress.recipe.steps, duration=clock(progress.seconds)
    )
    return told if kept else f"{told} {say('nothing_learned')}"


def summary(progress: Progress) -> str:
    """What the curve says."""
    held_out = progress.held_out[-1][1]
    return say(
        "summary",
        step=progress.step,
        steps=progress.recipe.steps,
        train=progress.train[-1][1] if progress.train else held_out,
        held_out=held_out,
        first=progress.held_out[0][1],
        chance=progress.chance_nats,
    )


def facts(progress: Progress) -> list[str]:
    """Where the run is, in words."""
    told = [say("fact_step", step=progress.step, steps=progress.recipe.steps)]
    if progress.step:
        told.append(say("fact_speed", speed=progress.tokens_per_second))
        took, left = clock(progress.seconds), clock(progress.seconds_left)
        told.append(say("fact_took", took=took) if progress.end else say("fact_left", left=left))
    loss = progress.held_out[-1][1]
    if loss > progress.chance_nats:
        told.append(say("fact_loss_worse", loss=loss, n=progress.vocab_size))
    else:
        choices = math.exp(loss)
        told.append(say("fact_loss", loss=loss, choices=f"{choices:,.1f}" if choices < 10 else f"{choices:,.0f}"))
    return told


def changes_in_words(recipe: Recipe, before: Recipe | None) -> str:
    """What the recipe is; where there was one before, what changed since."""
    if before is None:
        size = (
            say("own_shape", **{name: getattr(recipe, name) for name in SHAPE}) if recipe.size == OWN else recipe.size
        )
        return say("first_recipe", size=size, steps=recipe.steps, rate=recipe.learning_rate)
    changed = changed_fields(recipe, before)
    if not changed:
        return say("same_recipe")
    return "; ".join(
        say("changed", name=say(f"field_{name}"), before=_shown(name, old), now=_shown(name, new))
        for name, (old, new) in changed.items()
    )


def _shown(name: str, value: Any) -> str:
    if name == "vocab_size":
        return vocabulary_choice(value)
    if isinstance(value, bool):
        return say("yes") if value else say("no")
    if isinstance(value, float):
        return f"{value:g}"
    return f"{value:,}" if isinstance(value, int) else str(value) or "-"


def run_columns() -> list[str]:
    return say("runs_columns").split(", ")


def run_cells(progress: Progress, kind: Kind) -> list[str]:
    """Where a run is or ended: updates, held-back loss, the lowest of it, and the verdict."""
    best_step, best = progress.best if progress.held_out else (0, math.nan)
    last = progress.held_out[-1][1] if progress.held_out else math.nan
    return [
        f"{progress.step:,}",
        f"{last:.3f}",
        say("best_at", loss=best, step=best_step),
        say(f"kind_{kind}"),
    ]


def clock(seconds: float) -> str:
    """Minutes and seconds, 2:05."""
    whole = max(0, round(seconds)) if math.isfinite(seconds) else 0
    return f"{whole // 60}:{whole % 60:02}"
