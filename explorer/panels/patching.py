"""Activation patching: what of the sentence on screen, carried over into another one, brings its answer along."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import gradio as gr

from explorer.answers.patching import (
    A_LAYER,
    EVERY,
    PLACES,
    SITES,
    checked_site,
    grids,
    pair_for,
    pair_in_words,
    row_names,
)
from explorer.catalogue import catalogue
from explorer.page.events import QUICK
from explorer.page.links import any_text, one_of
from explorer.page.stopping import stop_button
from explorer.page.wiring import TabContext
from explorer.panels import patch_reach
from explorer.store.traces import RunKey
from explorer.widgets.code import code_lines
from explorer.widgets.frame import frame, frame_value
from explorer.widgets.matrix import Axis, matrix, matrix_value
from explorer.widgets.notice import info, new_job, notice_line, underway
from explorer.widgets.rested import rested
from gpt2core.patching import HEADS

say = catalogue("block")

# In the browser: columns are tokens, or of heads the heads; of EVERY place there are A_LAYER rows a layer. The value says which of these it
# is: heads, and layers, 0 where a row is a layer.
_PICKED = {
    "token": "value.heads || value.column == null ? cursor.token : value.column",
    "head": "value.heads && value.column != null ? value.column : cursor.head",
    "layer": "value.row == null ? cursor.layer : value.layers ? Math.min(value.layers - 1, Math.floor(value.row / A_LAYER)) : value.row",
}
_PLACE_PICKED = """(grid, place) => {
  if (!grid.layers || grid.row == null) return place;
  return PLACES[grid.row === A_LAYER * grid.layers ? A_LAYER : grid.row % A_LAYER];
}"""
# beside: what is carried over, and which place where that is EVERY one
_MIRRORED = """{
  ...value,
  row: beside[0] === EVERY ? A_LAYER * cursor.layer + PLACES.indexOf(beside[1]) : cursor.layer,
  column: beside[0] === HEADS ? cursor.head : cursor.token,
}"""


def _script(js: str) -> str:
    """With our constants in it."""
    for name, value in (("A_LAYER", A_LAYER), ("PLACES", PLACES), ("EVERY", EVERY), ("HEADS", HEADS)):
        js = js.replace(name, json.dumps(value))
    return js


def build(ctx: TabContext) -> None:
    gr.Markdown(say("patch_words"))
    with gr.Row(equal_height=True):
        typed = gr.Textbox(
            "",
            label=say("patch_corrupted"),
            placeholder=say("patch_corrupted_example"),
            elem_id="patch-corrupted",
            max_lines=2,
            scale=3,
            min_width=280,
        )
        site = gr.Dropdown(
            [(say(f"patch_site_{name}"), name) for name in SITES],
            value=SITES[0],
            label=say("patch_site"),
            elem_id="patch-site",
            scale=2,
            min_width=190,
        )
        answers = gr.Textbox(
            "",
            label=say("patch_two_answers"),
            placeholder=say("patch_two_answers_example"),
            elem_id="patch-answers",
            max_lines=1,
            scale=2,
            min_width=190,
        )
        at = gr.Textbox(
            "",
            label=say("patch_where"),
            placeholder=say("patch_where_example"),
            elem_id="patch-at",
            max_lines=1,
            min_width=120,
        )
        stop = stop_button("patch-stop", scale=0, min_width=80)
    told = notice_line("patch-status")
    typed_now, answers_now, at_now = (_read(box) for box in (typed, answers, at))
    place = gr.Textbox(PLACES[0], visible="hidden", show_label=False)
    controls = [site, typed_now, answers_now, at_now]
    with gr.Row(equal_height=False):
        with gr.Column(min_width=320):
            with frame("patch-frame", name="patching") as figure:
                grid = matrix("patch-grid")
            code = code_lines("patch-code", say("patch_python"))
        with gr.Column(min_width=320):
            patch_reach.build(ctx, [*controls, place], code)

    def patch(run: RunKey, token: int, site: Any, typed: Any, answers: Any, at: Any) -> Iterator[dict[Any, Any]]:
        job, site = new_job(), checked_site(site)
        pair = pair_for(ctx.services, run, typed, answers)
        title, words = say(f"patch_title_{site}"), pair_in_words(ctx.services, run, pair)
        heads = [str(head) for head in range(pair.runs.clean.config.n_heads)]
        config = pair.runs.clean.config
        rows = Axis(say("patch_row" if site == EVERY else "shared_layer"), row_names(config, site))
        columns = (
            Axis(say("patch_head"), heads) if site == HEADS else Axis(say("shared_token"), ctx.services.labels(run))
        )
        kind = {HEADS: "heads", EVERY: "every"}.get(site, "tokens")
        for now in grids(ctx.services, run, pair, site, at):
            reading = "patch_reading" if now.is_score else "patch_reading_moves"
            value = matrix_value(
                now.values,
                rows=rows,
                columns=columns,
                reading=say(f"{reading}_{kind}"),
                label=title,
                scale="diverging",
                limits=(-1.0, 1.0),
                picked=None,
                nothing=say(f"patch_not_yet{'_every' if site == EVERY else ''}"),
                no_origin=say("patch_no_origin"),
            )
            yield {
                told: info(now.told) if now.over else underway(now.told, job, now.done),
                grid: {**value, "heads": site == HEADS, "layers": config.n_layers if site == EVERY else 0},
                figure.bar: frame_value(title, words),
            }

    ctx.streams(
        patch,
        [grid, figure.bar],
        told=told,
        follows_run=True,
        controls=controls,
        marks=[grid],
        stop=stop,
        stopped=say("patch_stopped"),
        concurrency_id="patching",
    )
    ctx.picks_together({part: _script(js) for part, js in _PICKED.items()}, grid.pick, grid)
    grid.pick(None, [grid, place], place, js=_script(_PLACE_PICKED), **QUICK)
    ctx.mirrors(grid, _script(_MIRRORED), [site, place])
    for name, both in (
        ("corrupted", (typed, typed_now)),
        ("patch_answers", (answers, answers_now)),
        ("patch_at", (at, at_now)),
    ):
        for box in both:  # a link brings the text before the tab is open, and no box tells of it then
            ctx.linked(box, name, any_text)
    ctx.linked(site, "patch_site", one_of(SITES))
    ctx.linked(place, "patch_place", one_of(PLACES))


def _read(box: gr.Textbox) -> gr.Textbox:
    """What stands in `box` when typing rests, or on Enter: invisible."""
    now = gr.Textbox("", visible="hidden", show_label=False)
    for event in (rested(box).submit, box.submit):
        event(None, box, now, js="(text) => text", **QUICK)
    return now
