"""A training run in words: where it is, how it ended, and what its model is called."""

from __future__ import annotations

import math

from explorer.answers.training import SIZES, VOCAB_SIZE, Kept, Progress
from explorer.catalogue import catalogue
from explorer.wording.numbers import in_units
from gpt2core import GPTModel

say = catalogue("training")


def size_choice(name: str) -> str:
    config = SIZES[name]
    return say(
        "size_choice",
        name=name,
        context=config.context_length,
        parameters=in_units(GPTModel(config).parameter_count()),
    )


def size_shape(name: str) -> str:
    config = SIZES[name]
    return say("size_shape", name=name, layers=config.n_layers, heads=config.n_heads, width=config.emb_dim)


def own_choice(number: int, kept: Kept) -> str:
    """What the Model menu calls a model trained here: `number` tells it from the person's others."""
    return say("choice", number=number, steps=kept.steps, parameters=kept.n_parameters / 1e6)


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
        told.append(say("fact_loss_worse", loss=loss, n=VOCAB_SIZE))
    else:
        choices = math.exp(loss)
        told.append(say("fact_loss", loss=loss, choices=f"{choices:,.1f}" if choices < 10 else f"{choices:,.0f}"))
    return told


def clock(seconds: float) -> str:
    """Minutes and seconds, 2:05."""
    whole = max(0, round(seconds)) if math.isfinite(seconds) else 0
    return f"{whole // 60}:{whole % 60:02}"
