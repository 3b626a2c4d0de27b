"""Attention: every head at a glance, one of them large, and what the picked token looks at."""

from __future__ import annotations

import gradio as gr

from explorer.catalogue import catalogue
from explorer.page.intro import intro
from explorer.page.spec import TabSpec
from explorer.page.wiring import TabContext
from explorer.panels import head_effect, head_steps, heads, patterns, two_patterns

say = catalogue("attention")


def build(ctx: TabContext) -> None:
    intro(say)
    with gr.Row(equal_height=False):
        with gr.Column(scale=4, min_width=300, elem_classes="last-on-a-phone"):
            hide_first = heads.build(ctx)
        with gr.Column(scale=7, min_width=320):
            heatmap = patterns.build(ctx, hide_first)
    head_steps.build(ctx, heatmap)
    gr.Markdown(say("caution"))
    head_effect.build(ctx)
    two_patterns.build(ctx)


TAB = TabSpec(say("title"), 30, build)
