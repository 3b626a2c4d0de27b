"""Training: a small GPT learns a text while you watch, then opens in every other tab."""

from __future__ import annotations

import math

import gradio as gr

from explorer.answers.recipe import VOCAB_SIZE
from explorer.answers.training_desk import TrainingDesk
from explorer.catalogue import catalogue
from explorer.page.intro import intro
from explorer.page.spec import TabSpec
from explorer.page.wiring import TabContext
from explorer.panels import (
    training_data,
    training_detective,
    training_files,
    training_live,
    training_recipe,
    training_slow,
)
from explorer.widgets.notice import notice_line

say = catalogue("training")


def build(ctx: TabContext) -> None:
    intro(say)
    session = gr.State(None)  # made by the first handler; a callable here would become a public endpoint
    desk = TrainingDesk(ctx.services)
    with gr.Row(equal_height=False):
        with gr.Column(scale=4, min_width=280, elem_classes="parted-on-a-phone"):
            pressed = training_live.buttons()
            status = notice_line("train-status")
            foreseen = notice_line("train-estimate")
            recipe = training_recipe.build(ctx)
            training_detective.build(ctx, recipe)
            repeats = training_files.build(ctx, session)
        with gr.Column(scale=6, min_width=340):
            curve = training_live.curve()
            live = training_live.live_controls()
        with gr.Column(scale=4, min_width=280):
            told = training_live.told_beside()
    shown = training_live.shown_below(ctx, curve, told, repeats)
    gr.Markdown(say("how_to_read", chance=math.log(VOCAB_SIZE)))
    training_data.build(ctx, recipe, foreseen)
    handlers = training_live.wire(ctx, desk, session, recipe, pressed, shown, status, live)
    training_slow.build(ctx, desk, session, shown, handlers)


TAB = TabSpec(say("title"), 50, build)
