"""Beams: beam search as its tree, and the texts it finds beside greedy's and one that was sampled."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gradio as gr
from gradio.components import Component

from explorer.answers.beams import ENDS, MAX_NEW_TOKENS, MAX_WIDTH, Searching, checked, searched
from explorer.answers.settings import MAX_SEED, START_SEED
from explorer.catalogue import catalogue
from explorer.page.events import QUICK
from explorer.page.intro import intro
from explorer.page.links import flag, number_between, one_of
from explorer.page.spec import TabSpec
from explorer.page.stopping import stop_button
from explorer.page.wiring import TabContext
from explorer.store.traces import RunKey
from explorer.widgets.beam_tree import USED, beam_drawing, beam_tree
from explorer.widgets.frame import frame, frame_value
from explorer.widgets.notice import info, new_job, notice_line, underway

say = catalogue("beams")

START_WIDTH, START_TOKENS = 4, 12


def build(ctx: TabContext) -> None:
    intro(say)
    with gr.Row(equal_height=False):
        with gr.Column(scale=2, min_width=230, elem_classes="last-on-a-phone"):
            with gr.Row():
                start = gr.Button(say("search"), variant="primary", size="sm", min_width=90, elem_id="beam-search")
                stop = stop_button("beam-stop", min_width=90)
            told = notice_line("beam-status")
            width = gr.Radio(list(range(1, MAX_WIDTH + 1)), value=START_WIDTH, label=say("width"), elem_id="beam-width")
            number: dict[str, Any] = {"elem_classes": "label-beside", "min_width": 200}
            n_tokens = gr.Number(START_TOKENS, step=1, label=say("shared_n_tokens"), elem_id="beam-n-tokens", **number)
            penalty = gr.Number(1.0, step=0.1, label=say("penalty"), elem_id="beam-penalty", **number)
            seed = gr.Number(START_SEED, step=1, label=say("seed"), elem_id="beam-seed", **number)
            choices = [(say(f"ends_{name}"), name) for name in ENDS]
            ends = gr.Radio(choices, value="text", label=say("ends"), elem_id="beam-ends")
        with gr.Column(scale=7, min_width=320), frame("beams-frame", name="beams") as figure:
            tree = beam_tree("beam-tree", catalogue("beam_tree").sentences)
    gr.Markdown(say("moral"))

    def search(
        run: RunKey, _: int, width: Any, n_tokens: Any, penalty: Any, ends: Any, seed: Any
    ) -> Iterator[dict[Component, Any]]:
        job = new_job()
        for now in searched(ctx.services, run, checked(width, n_tokens, penalty, ends, seed)):
            yield updates(now, job)

    def updates(now: Searching, job: str) -> dict[Component, Any]:
        shown: dict[Component, Any] = {told: info(now.told) if now.over else underway(now.told, job)}
        if now.tree is not None:
            shown |= {tree: beam_drawing(now.tree), figure.bar: frame_value(say("tree_title"), now.verdict or "")}
        return shown

    ctx.streams(
        search,
        [tree, figure.bar],
        told=told,
        starts=[start.click],
        follows_run=True,
        controls=[width, n_tokens, penalty, ends, seed],
        marks=[tree],
        stop=stop,
        stopped=say("stopped"),
        concurrency_id="beams",
    )
    ctx.linked(width, "beam_width", one_of(range(1, MAX_WIDTH + 1)))
    ctx.linked(None, "beam_hide", flag, False)
    ctx.linked(ends, "beam_ends", one_of(ENDS))
    ctx.linked(n_tokens, "beam_tokens", number_between(1, MAX_NEW_TOKENS, whole=True))
    ctx.linked(penalty, "beam_penalty", number_between(-10, 10))
    ctx.linked(seed, "beam_seed", number_between(0, MAX_SEED, whole=True))
    tree.apply(None, [tree, ctx.sentence], ctx.sentence, js=USED, **QUICK)


TAB = TabSpec(say("title"), 70, build)
