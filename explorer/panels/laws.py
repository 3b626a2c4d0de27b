"""The truth badge: what is on screen held against the laws that it must keep, on request."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gradio as gr

from explorer.answers.truth import Truth, law_table, truth_of
from explorer.catalogue import catalogue
from explorer.page.wiring import TabContext
from explorer.store.traces import RunKey
from explorer.widgets.frame import frame, frame_value
from explorer.widgets.laws import kept_laws, law_list
from explorer.widgets.notice import info, notice_line

say = catalogue("truth")


def build(ctx: TabContext) -> None:
    with frame("laws-frame", name="laws") as figure:
        start = gr.Button(say("start"), size="sm", elem_id="check")
        told = notice_line("laws-status")
        listed = law_list("laws")

    def check(run: RunKey, token: int) -> Iterator[dict[Any, Any]]:
        truth = truth_of(ctx.services, run, token)
        yield {
            told: info(truth.summary),
            listed: kept_laws(truth),
            figure.bar: frame_value(say("title"), truth.summary, law_table(truth)),
        }

    ctx.draws(lambda _: frame_value(say("title"), say("start_info"), law_table(Truth((), "", ok=True))), figure.bar)
    ctx.streams(
        check,
        [listed, figure.bar],
        told=told,
        starts=[start.click],
        marks=[listed],
        concurrency_id="laws",
    )
