"""From the text to what is learned: the split, the windows, the batches, and of one window every prediction."""

from __future__ import annotations

from typing import Any

import gradio as gr

from explorer.answers.estimate import estimate
from explorer.answers.recipe import Recipe
from explorer.answers.training import read_by
from explorer.answers.training_desk import begun_with
from explorer.answers.training_words import clock
from explorer.answers.windows import Windows, windows_of
from explorer.catalogue import catalogue
from explorer.page.wiring import TabContext
from explorer.panels.training_recipe import RecipePanel
from explorer.store.traces import RunKey
from explorer.widgets.frame import frame, frame_value
from explorer.widgets.notice import info
from explorer.widgets.rested import rested
from explorer.widgets.windows import window_rows, windows_value
from explorer.wording.numbers import fixed, in_units

say = catalogue("training")


def build(ctx: TabContext, recipe: RecipePanel, foreseen: gr.HTML) -> None:
    """foreseen: the line that says what the run will take."""
    with frame("windows-frame", name="windows") as figure:
        windows = window_rows("train-windows")
    at_rest = rested(recipe.text)

    def written(typed: Any) -> str:
        text = typed.get("text") if isinstance(typed, dict) else None
        return recipe.text.value if text is None else str(text)

    def draw(_: RunKey, typed: Any, *chosen: Any) -> dict[Any, Any]:
        asked, text = Recipe(*chosen), written(typed)
        start, own = begun_with(ctx.services, asked, text)
        cut = windows_of(text, asked, start, own)
        return {windows: windows_value(cut), figure.bar: frame_value(say("windows_title"), told(cut))}

    def estimated(_: RunKey, typed: Any, *chosen: Any) -> Any:
        asked = Recipe(*chosen)
        config = read_by(asked, *begun_with(ctx.services, asked, written(typed)))[0]
        found = estimate(asked, config)
        parts = in_units(found.n_parameters), found.n_bytes / 2**20, clock(found.seconds)
        return info(
            say(
                "estimate",
                parameters=parts[0],
                megabytes=parts[1],
                time=parts[2],
                width=config.emb_dim,
                context=config.context_length,
            )
        )

    ctx.draws(estimated, foreseen, controls=[at_rest, *recipe.controls])
    ctx.draws(draw, [windows, figure.bar], controls=[at_rest, *recipe.controls])


def told(cut: Windows) -> str:
    """What the cutting comes to, in numbers."""
    return say(
        "windows_summary",
        characters=cut.n_characters,
        tokens=cut.n_train + cut.n_held_out,
        held=cut.n_held_out,
        windows=len(cut.starts),
        window=cut.window,
        stride=cut.stride,
        batch=cut.batch_size,
        an_epoch=fixed(cut.steps_an_epoch, 1),
        steps=cut.steps,
        epochs=fixed(cut.epochs, 1),
        seen=fixed(cut.seen, 1),
    )
