"""Generation: text written token by token, and what keeping keys and values saves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gradio as gr

from explorer.answers.generation import MOST_TOKENS, Written, prompted, written
from explorer.answers.timing import timed, timing_table
from explorer.catalogue import catalogue
from explorer.figures.decoding import decoding_lines
from explorer.page.events import QUICK, UNMARKED
from explorer.page.guard import in_words
from explorer.page.intro import intro
from explorer.page.links import flag, number_between, one_of
from explorer.page.spec import TabSpec
from explorer.page.stopping import stop_button
from explorer.page.wiring import TabContext
from explorer.store.traces import RunKey
from explorer.widgets.frame import frame, frame_value
from explorer.widgets.notice import info, new_job, notice_line, underway
from explorer.widgets.settings import sampling_panel
from explorer.widgets.story import CONTINUED, line, piece, prompt, story, story_prompt

say = catalogue("generation")

START_TOKENS, MOST_BRANCHES, N_GRAM = 60, 20, 3


def build(ctx: TabContext) -> None:
    intro(say)
    limits = {
        "most_tokens": MOST_TOKENS,
        "most_branches": MOST_BRANCHES,
        "start_tokens": START_TOKENS,
        "n_gram": N_GRAM,
    }
    with gr.Row(equal_height=False):
        with gr.Column(scale=2, min_width=300, elem_classes="last-on-a-phone"):
            sampling_panel("generation-settings")
        with gr.Column(scale=5, min_width=320):
            sentence = story_prompt("story-prompt")
            with frame("story-frame", name="generation") as figure:
                text = story("story", catalogue("story").sentences, **limits)
            figure.bar.value = frame_value(say("framed"), "")

    def tell(run: RunKey) -> dict[str, Any]:
        return prompt(prompted(ctx.services, run))

    def write(state: Any, value: Any) -> Iterator[dict[str, Any]]:
        request = value.get("request") if isinstance(value, dict) else None
        job = request.get("job") if isinstance(request, dict) else None
        try:
            run = ctx.services.run(state["run"] if isinstance(state, dict) else "")
            yield from pieces(written(ctx.services, run, request))
        except Exception as error:
            yield piece(job, "refused", said=in_words(error))

    ctx.draws(tell, sentence)
    writing = text.write(
        write,
        [ctx.page.cursor, text],
        text,
        trigger_mode="multiple",  # the widget asks for one thing at a time, and may ask again before a halt has come through
        concurrency_limit=2,
        concurrency_id="generate",
        **UNMARKED,
        api_visibility="private",
    )
    ctx.linked(None, "story_tokens", number_between(1, MOST_TOKENS, whole=True), START_TOKENS)
    ctx.linked(None, "story_stop", flag, True)
    ctx.linked(None, "story_colours", one_of(["own", "drawn", "rank"]), "own")
    text.halt(None, None, None, cancels=[writing], api_visibility="private")
    text.carry(None, [text, ctx.sentence], ctx.sentence, js=CONTINUED, **QUICK)
    _build_timing(ctx)


def pieces(growing: Iterator[Written]) -> Iterator[dict[str, Any]]:
    """What the widget shows of a growing text."""
    lines = ""
    for now in growing:
        lines += "".join(line(token.token_id, token.found) for token in now.fresh)
        yield piece(now.job, now.state, lines=lines, settings=now.settings, said=now.said, seconds=now.seconds)


def _build_timing(ctx: TabContext) -> None:
    gr.Markdown(say("timing"))
    with gr.Row(equal_height=False):
        measure = gr.Button(say("measure"), scale=0, min_width=130)
        stop = stop_button(variant="secondary", size="lg", scale=0, min_width=90)
    told = notice_line("timing-status")
    with gr.Column(elem_classes="asked-for"), frame("timing-frame", name="timing") as figure:
        plot = gr.Plot(show_label=False, elem_id="timing-plot", elem_classes="plot-two-lines")

    def run_timing(run: RunKey, _: int) -> Iterator[dict[Any, Any]]:
        job = new_job()
        for now in timed(ctx.services, run):
            if not now.times:
                yield {told: underway(now.told, job)}
                continue
            taken = now.times[1:]
            yield {
                told: info(now.told),
                plot: decoding_lines(
                    [one.n_tokens for one in taken],
                    [1e3 * one.cached_seconds for one in taken],
                    [1e3 * one.recomputed_seconds for one in taken],
                ),
                figure.bar: frame_value(say("timing_title"), "", timing_table(now.times)),
            }

    ctx.streams(
        run_timing,
        [plot, figure.bar],
        told=told,
        starts=[measure.click],
        marks=[plot],
        stop=stop,
        stopped=say("timing_stopped"),
        concurrency_id="timing",
        concurrency_limit=1,
    )


TAB = TabSpec(say("title"), 60, build)
