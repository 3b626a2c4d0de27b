"""Embeddings: all tokens as points, the numbers a token enters the model with, positions, and how context moves a word."""

from __future__ import annotations

import gradio as gr

from explorer.catalogue import catalogue
from explorer.page.intro import intro
from explorer.page.spec import TabSpec
from explorer.page.wiring import TabContext
from explorer.panels import arithmetic, context, inputs, mixing, positions, vocabulary

say = catalogue("embeddings")


def build(ctx: TabContext) -> None:
    intro(say)
    measure, centred = vocabulary.build(ctx)
    gr.Markdown(say("inputs_words"))
    inputs.build(ctx)
    with gr.Row(equal_height=False):
        with gr.Column(min_width=320):
            mixing.build(ctx)
        with gr.Column(min_width=320):
            arithmetic.build(ctx, measure, centred)
    context.build(ctx)
    positions.build(ctx)


TAB = TabSpec(say("title"), 20, build)
