"""Block: what happens inside the layers, read from the residual stream."""

from __future__ import annotations

import gradio as gr

from explorer.catalogue import catalogue
from explorer.page.intro import intro
from explorer.page.spec import TabSpec
from explorer.page.wiring import TabContext
from explorer.panels import lens, lens_tokens, neurons, norms, patching, stream_sum

say = catalogue("block")


def build(ctx: TabContext) -> None:
    intro(say)
    lens.build(ctx)
    lens_tokens.build(ctx)
    stream_sum.build(ctx)
    norms.build(ctx)
    gr.Markdown(say("norms_words"))
    neurons.build(ctx)
    patching.build(ctx)


TAB = TabSpec(say("title"), 37, build)
