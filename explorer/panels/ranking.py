"""Which head and which MLP matter most for the sentence: each switched off in turn, on request."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import gradio as gr

from explorer.answers.ranking import Ranking, ranked, ranking_table
from explorer.catalogue import catalogue
from explorer.page.links import one_of
from explorer.page.stopping import stop_button
from explorer.page.wiring import TabContext
from explorer.store.traces import RunKey
from explorer.widgets.exchange import answered, exchange
from explorer.widgets.frame import frame, frame_value
from explorer.widgets.notice import info, new_job, notice_line, underway
from explorer.widgets.ranking import ranking_list, ranking_rows

say = catalogue("ranking")


def build(ctx: TabContext, asked: Callable[..., Any], costs_name: str) -> None:
    """asked: the event of a figure that wants the ranking too; costs_name: of the widgets/exchange through which it is told."""
    with frame("ranking-frame", name="ranking") as figure:
        with gr.Row(equal_height=True):
            start = gr.Button(say("start"), size="sm", scale=0, min_width=150, elem_id="rank")
            how = gr.Radio(
                [(say("shared_to_zero"), "zero"), (say("shared_to_mean"), "mean")],
                value="zero",
                label=say("how"),
                elem_id="rank-how",
                elem_classes="label-beside",
                min_width=230,
            )
            stop = stop_button("rank-stop", scale=0, min_width=90)
        told = notice_line("rank-status")
        listed = ranking_list("rank-list")
    costs = exchange(costs_name)

    def rank(run: RunKey, token: int, how: Any) -> Iterator[dict[Any, Any]]:
        job, edits = new_job(), [str(edit) for edit in run.edits]
        for now in ranked(ctx.services, run, how, token):
            summary = f"{now.summary} {now.before}".strip()
            yield {
                told: info(now.told) if now.over else underway(now.told, job, now.done),
                listed: ranking_rows(now, edits),
                figure.bar: frame_value(say("title"), summary, ranking_table(now)),
                costs: answered(costs_of(run, now)),
            }

    ctx.draws(lambda _: frame_value(say("title"), say("start_info"), ranking_table(Ranking(""))), figure.bar)
    ctx.streams(
        rank,
        [listed, figure.bar, costs],
        told=told,
        starts=[start.click, asked],
        controls=[how],
        waits=True,
        marks=[listed],
        stop=stop,
        stopped=say("stopped"),
        concurrency_id="ranking",
        outlives_edits=True,  # its rows are what a person switches
    )
    ctx.linked(how, "rank_how", one_of(["zero", "mean"]))


def costs_of(run: RunKey, ranking: Ranking) -> dict[str, Any]:
    """What the map marks: the square root of each part's cost over the dearest one's, so that a hundredth of it can still be seen."""
    dearest = max((row.cost or 0.0 for row in ranking.rows), default=0.0)
    parts = [
        [row.edit, math.sqrt((row.cost or 0.0) / dearest)]
        for row in ranking.rows
        if dearest > 0 and (row.cost or 0.0) > 0
    ]
    return {
        "text": run.text,
        "model": run.model,
        "costs": parts,
        "said": ranking.summary or ranking.told,
    }
