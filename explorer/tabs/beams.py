"""Beams: beam search as its tree, and the texts it finds beside greedy's and one that was sampled."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import gradio as gr
from gradio.components import Component

from explorer.answers.beams import ENDS, MAX_WIDTH, Searching, checked, key_of, searched
from explorer.answers.settings import START_SEED
from explorer.catalogue import catalogue
from explorer.page.stopping import stops
from explorer.page.tab import QUICK, TabContext, TabSpec
from explorer.page.tables import table_with_csv
from explorer.widgets.beam_tree import USED, beam_drawing, beam_tree
from explorer.widgets.cursor import moved
from explorer.widgets.notice import info, new_job, notice_line, refusal, underway
from gpt2core import Gpt2CoreError

log = logging.getLogger(__name__)
say = catalogue("beams")

START_WIDTH, START_TOKENS = 4, 12

# In the browser: the tree that goes to the server with a request is only the name of what it shows; none where a refusal stands
# over it, which the next good request then replaces.
_ASKED = """(cursor, ...rest) => {
  const told = rest.pop();
  const tree = rest.pop();
  const whole = tree && tree.key && !(told && told.kind === 'refusal');
  return [cursor, ...rest, whole ? tree.key : '', null];
}"""


def build(ctx: TabContext) -> None:
    gr.Markdown(say("intro"))
    with gr.Row(equal_height=False):
        width = gr.Radio(
            list(range(1, MAX_WIDTH + 1)),
            value=START_WIDTH,
            label=say("width"),
            elem_id="beam-width",
            elem_classes="label-beside",
            min_width=330,
        )
        ends = gr.Radio(
            [(say(f"ends_{name}"), name) for name in ENDS],
            value="text",
            label=say("ends"),
            elem_id="beam-ends",
            elem_classes="label-beside",
            min_width=300,
        )
    with gr.Row(equal_height=False):
        number: dict[str, Any] = {"elem_classes": "label-beside", "min_width": 200}
        n_tokens = gr.Number(START_TOKENS, step=1, label=say("n_tokens"), elem_id="beam-n-tokens", **number)
        penalty = gr.Number(1.0, step=0.1, label=say("penalty"), elem_id="beam-penalty", **number)
        seed = gr.Number(START_SEED, step=1, label=say("seed"), elem_id="beam-seed", **number)
        start = gr.Button(say("search"), variant="primary", scale=0, min_width=110, elem_id="beam-search")
        stop = gr.Button(catalogue("page")("stop"), variant="stop", scale=0, min_width=90, elem_id="beam-stop")
    told = notice_line("beam-status")
    tree = beam_tree("beam-tree", catalogue("beam_tree").sentences)
    verdict = notice_line("beam-verdict")
    gr.Markdown(say("moral"))
    with gr.Accordion(say("table"), open=False):
        table = table_with_csv(say("table"), "beams")

    def search(
        cursor: Any, width: Any, n_tokens: Any, penalty: Any, ends: Any, seed: Any, shown: Any, _: Any
    ) -> Iterator[dict[Component, Any]]:
        if not (isinstance(cursor, dict) and cursor.get("run")):
            yield {told: gr.skip()}
            return
        try:
            run = ctx.services.run(cursor["run"])
            asked = checked(width, n_tokens, penalty, ends, seed)
            if shown == key_of(run, asked):
                yield {told: gr.skip()}
                return
            job = new_job()
            for now in searched(ctx.services, run, asked):
                yield updates(now, job)
        except Gpt2CoreError as error:
            yield {told: refusal(str(error))}
        except Exception:
            log.exception("a beam search failed")
            yield {told: refusal(catalogue("page")("broken"))}

    def updates(now: Searching, job: str) -> dict[Component, Any]:
        shown: dict[Component, Any] = {told: info(now.told) if now.over else underway(now.told, job)}
        if now.tree is not None:
            shown[tree] = beam_drawing(now.tree)
        if now.verdict is not None:
            shown[verdict] = info(now.verdict)
        if now.table is not None:
            shown[table] = now.table
        return shown

    controls: list[Any] = [width, n_tokens, penalty, ends, seed]
    searching = gr.on(
        [moved(ctx.cursor, "run"), start.click, *(control.input for control in controls)],
        search,
        [ctx.cursor, *controls, tree, told],
        [tree, told, verdict, table],
        js=_ASKED,
        trigger_mode="always_last",
        concurrency_limit=2,
        concurrency_id="beams",
        show_progress="hidden",
        api_visibility="private",
    )
    stops(stop, searching, told, say("stopped"))
    tree.apply(None, [tree, ctx.sentence], ctx.sentence, js=USED, **QUICK)


TAB = TabSpec(say("title"), 44, build)
