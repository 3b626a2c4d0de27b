"""Where the parameters are, and what every size costs, on request."""

from __future__ import annotations

import time
from collections.abc import Iterator
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
MOUNTED = 0.7  # seconds in which a column that has just become visible lays out its figure, which an earlier answer would miss


def build(ctx: TabContext) -> None:
    with gr.Row(equal_height=True):
        start = gr.Button(say("start"), size="sm", scale=0, min_width=240, elem_id="sizes-start")
        told = notice_line("sizes-status")
    with gr.Column(visible=False) as results, frame("sizes-frame", name="parameters") as figure:
        areas = gr.Plot(show_label=False, elem_id="sizes-plot", elem_classes="plot-small")
    listed = plain_table("sizes-table", say("table"))

    def show(run: RunKey, _: int) -> Iterator[dict[Any, Any]]:
        sizes = sizes_of(ctx.services, run)
        shares = sizes.shares
        yield {
            results: gr.Column(visible=True),
            told: info(sizes.difference),
            figure.bar: frame_value(say("title"), sizes.summary, sizes.table),
            listed: table_value(sizes.table),
        }
        time.sleep(MOUNTED)
        areas_now = parameter_map(
            [one.kind for one in shares],
            [one.label for one in shares],
            [one.group for one in shares],
            [one.group_label for one in shares],
            [one.n_parameters for one in shares],
        )
        yield {areas: areas_now}

    ctx.streams(
        show,
        [results, areas, listed, figure.bar],
        told=told,
        starts=[start.click],
        marks=[areas, listed],
        concurrency_id="sizes",
    )
