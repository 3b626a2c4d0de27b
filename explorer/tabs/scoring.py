"""Scoring: how well the model predicts a text that somebody wrote, token by token and as a whole."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gradio as gr

from explorer.answers.scoring import scored
from explorer.catalogue import catalogue
from explorer.page.intro import intro
from explorer.page.links import any_text, one_of
from explorer.page.spec import TabSpec
from explorer.page.stopping import stop_button
from explorer.page.wiring import TabContext
from explorer.store.traces import RunKey
from explorer.widgets.frame import frame, frame_value
from explorer.widgets.notice import info, new_job, notice_line, underway
from explorer.widgets.rested import rested
from explorer.widgets.scored_text import PICKED, scored_text
from explorer.widgets.scored_text import scored as shown

say = catalogue("scoring")


def build(ctx: TabContext) -> None:
    intro(say)
    with gr.Row(equal_height=False):
        with gr.Column(scale=2, min_width=230):
            typed = gr.Textbox(label=say("text"), info=say("text_info"), lines=4, max_lines=12, elem_id="scoring-text")
            stop = stop_button("scoring-stop")
            told = notice_line("scoring-status")
        with gr.Column(scale=7, min_width=320), frame("scored-frame", name="scores") as figure:
            text = scored_text("scored-text", catalogue("scored_text").sentences)
    at_rest = rested(typed)

    def score(run: RunKey, token: int, typed: Any) -> Iterator[dict[Any, Any]]:
        given = typed if isinstance(typed, str) and typed else run.text
        job = new_job()
        for now in scored(ctx.services, run, given, token):
            updates: dict[Any, Any] = {told: info(now.told) if now.over else underway(now.told, job)}
            if now.score is not None:
                title = say("title_text", n=len(now.score.token_ids), model=ctx.services.models.title(run.model))
                updates |= {text: shown(now), figure.bar: frame_value(title, now.summary.chart if now.summary else "")}
            yield updates

    ctx.streams(
        score,
        [text, figure.bar],
        told=told,
        starts=[at_rest.submit, typed.submit],
        follows_run=True,
        controls=[typed],
        waits=True,
        marks=[text],
        stop=stop,
        stopped=say("stopped"),
        concurrency_id="scoring",
    )
    ctx.picks("token", text.pick, text, PICKED)
    ctx.linked(typed, "scored", any_text)
    ctx.linked(None, "scored_colours", one_of(["rank", "probability"]), "rank")


TAB = TabSpec(say("title"), 90, build)
