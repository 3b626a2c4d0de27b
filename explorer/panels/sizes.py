"""Where the parameters are, and what every size costs, on request."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import astuple
from typing import Any

import gradio as gr

from explorer.answers.sizes import sizes_of
from explorer.catalogue import catalogue
from explorer.figures.sizes import parameter_map
from explorer.page.wiring import TabContext
from explorer.store.traces import RunKey
from explorer.widgets.frame import frame, frame_value, table_value
from explorer.widgets.notice import info, notice_line
from explorer.widgets.plain_table import plain_table

say = catalogue("sizes")


def build(ctx: TabContext) -> None:
    with gr.Row(equal_height=True):
        start = gr.Button(say("start"), size="sm", scale=0, min_width=240, elem_id="sizes-start")
        told = notice_line("sizes-status")
    with gr.Column(elem_classes="asked-for"):
        with frame("sizes-frame", name="parameters") as figure:
            areas = gr.Plot(show_label=False, elem_id="sizes-plot", elem_classes="plot-small")
        listed = plain_table("sizes-table", say("table"))

    def show(run: RunKey, _: int) -> Iterator[dict[Any, Any]]:
        sizes = sizes_of(ctx.services, run)
        kinds, labels, groups, group_labels, counts = zip(*map(astuple, sizes.shares), strict=True)
        yield {
            told: info(sizes.difference),
            areas: parameter_map(kinds, labels, groups, group_labels, counts),
            figure.bar: frame_value(say("title"), sizes.summary, sizes.table),
            listed: table_value(sizes.table),
        }

    ctx.streams(
        show,
        [areas, listed, figure.bar],
        told=told,
        starts=[start.click],
        marks=[areas, listed],
        concurrency_id="sizes",
    )
