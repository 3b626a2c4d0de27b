"""Vocabularies side by side: how each cuts the sentence, and what other languages pay."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import gradio as gr

from explorer.answers.vocabularies import dearest, languages, side_by_side, vocabularies
from explorer.catalogue import catalogue
from explorer.page.links import one_of
from explorer.page.stopping import stop_button
from explorer.page.wiring import TabContext
from explorer.store.traces import RunKey
from explorer.widgets.bar_table import bar_table, bar_table_value
from explorer.widgets.frame import frame, frame_value
from explorer.widgets.notice import info, new_job, notice_line, underway
from explorer.widgets.vocabularies import lines_value, vocabulary_lines
from gpt2core import published

say = catalogue("vocabularies")
NAMES = ("gpt2", "shipped", "training", "own", *published.PUBLISHED, "words", "characters", "bytes")
_MB = 1e6


def build(ctx: TabContext) -> None:
    with frame("vocabularies-frame", name="vocabularies") as figure:
        lines = vocabulary_lines("vocabularies", "against")
    missing = not all(map(published.is_here, published.PUBLISHED))
    with gr.Column(visible=missing, min_width=0) as offer:
        gr.Markdown(say("download_words"))
        with gr.Row():
            start = gr.Button(say("download"), size="sm", scale=0, min_width=320, elem_id="vocabularies-download")
            stop = stop_button(scale=0, min_width=80)
    status = notice_line("vocabularies-status")
    with frame("languages-frame", name="languages") as languages_frame:
        table = bar_table("languages", say("languages_title"))
    arrived = gr.Textbox("", visible="hidden", show_label=False)
    own = ctx.page.vocabulary

    def draw(run: RunKey, own_key: Any, _: Any) -> dict[Any, Any]:
        told = side_by_side(run.text, vocabularies(ctx.services, own_key))
        counts = [(len(row["tokens"]), row["title"]) for row in told["rows"] if row["tokens"] is not None]
        (least, best), (most, worst) = min(counts), max(counts)
        words = say("summary", least=least, best=best, most=most, worst=worst)
        return {lines: lines_value(told), figure.bar: frame_value(say("title"), words)}

    def draw_languages(run: RunKey, own_key: Any, _: Any) -> dict[Any, Any]:
        names, here, times, counts = languages(vocabularies(ctx.services, own_key))
        value = bar_table_value(
            [say("language"), *(one.title for one in here)],
            names,
            times,
            [[say("times", times=one) for one in row] for row in times],
            [[say("shared_count", n=n) for n in row] for row in counts],
        )
        words = f"{say('languages_summary')} {dearest(names, here, times)}"
        return {table: value, languages_frame.bar: frame_value(say("languages_title"), words)}

    def download(run: RunKey, token: int) -> Iterator[dict[Any, Any]]:
        job = new_job()
        for now in ctx.services.vocabulary_download.follow():
            key = "arriving_of" if now.size else "arriving"
            told = say(key, have=now.have / _MB, size=now.size / _MB) if now.have else say("starting")
            yield {status: underway(told, job)}
        yield {status: info(say("arrived")), arrived: str(time.time()), offer: gr.update(visible=False)}

    ctx.draws(draw, [lines, figure.bar], controls=[own, arrived])
    ctx.draws(draw_languages, [table, languages_frame.bar], controls=[own, arrived])
    ctx.streams(
        download,
        [arrived, offer],
        told=status,
        starts=[start.click],
        stop=stop,
        stopped=say("stopped"),
        concurrency_id="vocabulary-download",
        concurrency_limit=8,
    )
    ctx.linked(None, "against", one_of(NAMES), "gpt2")
