"""Compare: two models on the same sentence and the same luck, and one model under several seeds."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any

import gradio as gr
from gradio.components import Component

from explorer.answers.compare import comparison
from explorer.answers.settings import checked_settings
from explorer.answers.side_by_side import LEAST_SAMPLES, MOST_SAMPLES, Written, sampled, written
from explorer.catalogue import catalogue
from explorer.page.download_panel import download_panel, wanted
from explorer.page.stopping import stops
from explorer.page.tab import QUICK, TabContext, TabSpec, clamped
from explorer.store.models import UNTRAINED
from explorer.store.services import RunKey, Services
from explorer.widgets.columns import grown, text_columns
from explorer.widgets.cursor import moved
from explorer.widgets.notice import info, new_job, notice_line, refusal, underway
from explorer.widgets.pairs import paired_bars, pairs
from explorer.widgets.settings import sampling_panel
from gpt2core import Gpt2CoreError

log = logging.getLogger(__name__)
say = catalogue("compare")

START_TOKENS, START_SAMPLES = 40, 3


def build(ctx: TabContext) -> None:
    gr.Markdown(say("intro"))
    with gr.Row():
        a = _menu(ctx, "a", [(say("on_screen"), "")], "")
        b = _menu(ctx, "b", [], UNTRAINED)
    download = download_panel(ctx.services, "compare-download")
    with gr.Row(equal_height=False):
        with gr.Column(scale=2, min_width=300, elem_classes="last-on-a-phone"):
            panel = sampling_panel("compare-settings")
        with gr.Column(scale=3, min_width=300):
            told = notice_line("compare-status")
            figure = paired_bars("compare-pairs")

    def draw(cursor: Any, a: Any, b: Any, chosen: Any) -> tuple[Any, Any, Any]:
        return (*compared(ctx.services, cursor, (a, b), chosen), wanted(ctx.services, a, b))

    redraws: dict[str, Any] = {
        "inputs": [ctx.cursor, a, b, panel],
        "outputs": [figure, told, download.row],
        "trigger_mode": "always_last",
        **QUICK,
    }
    cursor_moves = [moved(ctx.cursor, part) for part in ("run", "token")]
    gr.on([*cursor_moves, a.change, b.change, panel.input, figure.select], draw, **redraws)
    download.ended.then(draw, **redraws)
    _build_writing(ctx, panel, a, b)
    _build_samples(ctx, panel, a)


def _menu(ctx: TabContext, letter: str, first: list[tuple[str, str]], value: str) -> gr.Dropdown:
    return ctx.model_menu(
        first,
        value,
        label=say(f"menu_{letter}"),
        elem_id=f"compare-{letter}",
        elem_classes="label-beside",
        min_width=300,
        allow_custom_value=True,
    )


def _build_writing(ctx: TabContext, panel: gr.HTML, a: gr.Dropdown, b: gr.Dropdown) -> None:
    gr.Markdown(say("write_heading"))
    with gr.Row(equal_height=True):
        n_tokens = gr.Number(START_TOKENS, step=1, label=say("n_tokens"), min_width=130, elem_id="compare-n-tokens")
        start = gr.Button(say("write"), variant="primary", scale=0, min_width=110, elem_id="compare-write")
        stop = gr.Button(catalogue("page")("stop"), variant="stop", scale=0, min_width=90, elem_id="compare-stop")
    told = notice_line("compare-writing")
    columns = text_columns("compare-texts", catalogue("columns").sentences)

    def write(cursor: Any, a: Any, b: Any, n_tokens: Any, chosen: Any) -> Iterator[dict[Component, Any]]:
        def texts() -> Iterator[Written]:
            return written(ctx.services, _run(ctx.services, cursor), (a, b), n_tokens, chosen)

        yield from _updates(texts, columns, told)

    _wire(start, stop, write, [ctx.cursor, a, b, n_tokens, panel], columns, told)


def _build_samples(ctx: TabContext, panel: gr.HTML, a: gr.Dropdown) -> None:
    gr.Markdown(say("samples_heading"))
    with gr.Row(equal_height=True):
        n_samples = gr.Slider(
            LEAST_SAMPLES, MOST_SAMPLES, START_SAMPLES, step=1, label=say("n_samples"), elem_id="samples-n", buttons=[]
        )
        n_tokens = gr.Number(START_TOKENS, step=1, label=say("n_tokens"), min_width=130, elem_id="samples-n-tokens")
        start = gr.Button(say("write_samples"), variant="primary", scale=0, min_width=110, elem_id="samples-write")
        stop = gr.Button(catalogue("page")("stop"), variant="stop", scale=0, min_width=90, elem_id="samples-stop")
    told = notice_line("samples-writing")
    columns = text_columns("samples-texts", catalogue("columns").sentences)

    def write(cursor: Any, a: Any, n_samples: Any, n_tokens: Any, chosen: Any) -> Iterator[dict[Component, Any]]:
        def texts() -> Iterator[Written]:
            return sampled(ctx.services, _run(ctx.services, cursor), a, n_samples, n_tokens, chosen)

        yield from _updates(texts, columns, told)

    _wire(start, stop, write, [ctx.cursor, a, n_samples, n_tokens, panel], columns, told)


def _wire(
    start: gr.Button, stop: gr.Button, write: Callable[..., Any], inputs: list[Any], columns: gr.HTML, told: gr.HTML
) -> None:
    writing = start.click(
        write,
        inputs,
        [columns, told],
        concurrency_limit=2,
        concurrency_id="generate",
        show_progress="minimal",
        show_progress_on=told,
        api_visibility="private",
    )
    stops(stop, writing, told, say.sentences["stopped"])


def _updates(write: Callable[[], Iterator[Written]], columns: gr.HTML, told: gr.HTML) -> Iterator[dict[Component, Any]]:
    """What `write` yields as updates, and its refusal as a notice."""
    try:
        job = new_job()
        for now in write():
            notice = info(now.told) if now.over else underway(now.told, job, now.n)
            yield {columns: grown(now.prompt, now.columns), told: notice}
    except Gpt2CoreError as error:
        yield {told: refusal(str(error))}
    except Exception:
        log.exception("writing side by side failed")
        yield {told: refusal(catalogue("page")("broken"))}


def _run(services: Services, cursor: Any) -> RunKey:
    return services.run(cursor["run"] if isinstance(cursor, dict) and isinstance(cursor.get("run"), str) else "")


def compared(services: Services, cursor: Any, names: tuple[Any, Any], chosen: Any) -> tuple[Any, Any]:
    """What the figure and the line above it show; a refusal leaves the figure as it was."""
    if not (isinstance(cursor, dict) and cursor.get("run")):
        return gr.skip(), gr.skip()
    try:
        run = _run(services, cursor)
        token = clamped(cursor.get("token"), len(run.token_ids))
        return pairs(comparison(services, run, token, names, *checked_settings(chosen))), info("")
    except Gpt2CoreError as error:
        return gr.skip(), refusal(f"{error} {catalogue('page')('kept')}")
    except Exception:
        log.exception("comparing two models failed")
        return gr.skip(), refusal(catalogue("page")("broken"))


TAB = TabSpec(say("title"), 46, build)
