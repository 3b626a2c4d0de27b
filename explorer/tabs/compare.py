"""Compare: two models on the same sentence and the same luck, and one model under several seeds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import gradio as gr
from gradio.components import Component

from explorer.answers.compare import comparison
from explorer.answers.settings import checked_settings
from explorer.answers.side_by_side import LEAST_SAMPLES, MAX_NEW_TOKENS, MOST_SAMPLES, Written, sampled, written
from explorer.catalogue import catalogue
from explorer.page.download_panel import download_panel, wanted
from explorer.page.intro import intro
from explorer.page.links import any_text, number_between
from explorer.page.spec import TabSpec
from explorer.page.stopping import stop_button
from explorer.page.wiring import TabContext
from explorer.store.models import UNTRAINED
from explorer.store.traces import RunKey
from explorer.widgets.columns import grown, text_columns
from explorer.widgets.frame import frame, frame_value
from explorer.widgets.notice import info, new_job, notice_line, underway
from explorer.widgets.pairs import paired_bars, pairs
from explorer.widgets.settings import sampling_panel

say = catalogue("compare")

START_TOKENS, START_SAMPLES = 40, 3


def build(ctx: TabContext) -> None:
    intro(say)
    with gr.Row(equal_height=False):
        with gr.Column(scale=3, min_width=320, elem_classes="last-on-a-phone"):
            a = _menu(ctx, "a", [(say("on_screen"), "")], "")
            b = _menu(ctx, "b", [], UNTRAINED)
            download = download_panel(ctx.services, "compare-download")
            panel = sampling_panel("compare-settings")
        with gr.Column(scale=4, min_width=320), frame("compare-frame", name="compare") as framed:
            figure = paired_bars("compare-pairs")

    def draw(run: RunKey, token: int, a: Any, b: Any, chosen: Any) -> Any:
        found = comparison(ctx.services, run, token, (a, b), *checked_settings(chosen))
        return {figure: pairs(found), framed.bar: frame_value(found.heading, found.legend)}

    def offer(_: RunKey, a: Any, b: Any) -> Any:
        return wanted(ctx.services, a, b)

    ctx.draws(
        draw, [figure, framed.bar], follow=["token"], controls=[a, b, panel], again=[figure.select, download.ended.then]
    )
    ctx.draws(offer, download.row, controls=[a, b], again=[download.ended.then])
    ctx.linked(a, "compare_a", any_text)
    ctx.linked(b, "compare_b", any_text)
    _build_writing(ctx, panel, a, b)
    _build_samples(ctx, panel, a)


def _menu(ctx: TabContext, letter: str, first: list[tuple[str, str]], value: str) -> gr.Dropdown:
    return ctx.model_menu(
        first,
        value,
        label=say(f"menu_{letter}"),
        elem_id=f"compare-{letter}",
        min_width=300,
        allow_custom_value=True,
    )


def _order(name: str, write: str) -> tuple[gr.Number, gr.Button, gr.Button]:
    """How many tokens, the button that begins to write them, and the one that stops."""
    number = gr.Number(START_TOKENS, step=1, label=say("shared_n_tokens"), min_width=130, elem_id=f"{name}-n-tokens")
    start = gr.Button(write, variant="primary", scale=0, min_width=110, elem_id=f"{name}-write")
    stop = stop_button(f"{name}-stop", size="lg", scale=0, min_width=90)
    return number, start, stop


def _build_writing(ctx: TabContext, panel: gr.HTML, a: gr.Dropdown, b: gr.Dropdown) -> None:
    gr.Markdown(say("write_heading"))
    with gr.Row(equal_height=True):
        n_tokens, start, stop = _order("compare", say("write"))
    told = notice_line("compare-writing")
    columns = text_columns("compare-texts", catalogue("columns").sentences)

    def write(run: RunKey, _: int, a: Any, b: Any, n_tokens: Any, chosen: Any) -> Iterator[dict[Component, Any]]:
        yield from _updates(written(ctx.services, run, (a, b), n_tokens, chosen), columns, told)

    _wire(ctx, start, stop, write, [a, b, n_tokens, panel], columns, told)
    ctx.linked(n_tokens, "compare_tokens", number_between(1, MAX_NEW_TOKENS, whole=True))


def _build_samples(ctx: TabContext, panel: gr.HTML, a: gr.Dropdown) -> None:
    gr.Markdown(say("samples_heading"))
    with gr.Row(equal_height=True):
        n_samples = gr.Slider(
            LEAST_SAMPLES, MOST_SAMPLES, START_SAMPLES, step=1, label=say("n_samples"), elem_id="samples-n", buttons=[]
        )
        n_tokens, start, stop = _order("samples", say("write_samples"))
    told = notice_line("samples-writing")
    columns = text_columns("samples-texts", catalogue("columns").sentences)

    def write(
        run: RunKey, _: int, a: Any, n_samples: Any, n_tokens: Any, chosen: Any
    ) -> Iterator[dict[Component, Any]]:
        yield from _updates(sampled(ctx.services, run, a, n_samples, n_tokens, chosen), columns, told)

    _wire(ctx, start, stop, write, [a, n_samples, n_tokens, panel], columns, told)
    ctx.linked(n_samples, "samples", number_between(LEAST_SAMPLES, MOST_SAMPLES, whole=True))
    ctx.linked(n_tokens, "samples_tokens", number_between(1, MAX_NEW_TOKENS, whole=True))


def _wire(
    ctx: TabContext,
    start: gr.Button,
    stop: gr.Button,
    write: Callable[..., Any],
    controls: list[Any],
    columns: gr.HTML,
    told: gr.HTML,
) -> None:
    ctx.streams(
        write,
        [columns],
        told=told,
        starts=[start.click],
        controls=controls,
        marks=[columns],
        stop=stop,
        stopped=say.sentences["stopped"],
        concurrency_id="generate",
    )


def _updates(texts: Iterator[Written], columns: gr.HTML, told: gr.HTML) -> Iterator[dict[Component, Any]]:
    """The texts as they grow, and what is said of them."""
    job = new_job()
    for now in texts:
        notice = info(now.told) if now.over else underway(now.told, job, now.n)
        yield {columns: grown(now.prompt, now.columns), told: notice}


TAB = TabSpec(say("title"), 80, build)
