"""Activation patching: what of the sentence on screen, carried over into another one, brings its answer along."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import gradio as gr

from explorer.answers.patching import (
    SITES,
    checked_site,
    grids,
    pair_for,
    pair_in_words,
    place_in_words,
    python_of,
    reach_of,
    score_in_words,
)
from explorer.catalogue import catalogue
from explorer.page.events import QUICK
from explorer.page.links import any_text, one_of
from explorer.page.stopping import stop_button
from explorer.page.wiring import TabContext
from explorer.store.traces import RunKey
from explorer.widgets.code import code_lines, code_value
from explorer.widgets.frame import frame, frame_value
from explorer.widgets.matrix import Axis, matrix, matrix_value
from explorer.widgets.notice import info, new_job, notice_line, underway
from explorer.widgets.rested import rested
from gpt2core.patching import HEADS

say = catalogue("block")

# Columns are tokens, or of heads the heads: the value says which.
_PICKED = {
    "token": "value.heads || value.column == null ? cursor.token : value.column",
    "head": "value.heads && value.column != null ? value.column : cursor.head",
    "layer": "value.row ?? cursor.layer",
}
_MIRRORED = "{ ...value, row: cursor.layer, column: value?.heads ? cursor.head : cursor.token }"


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
    with gr.Row(equal_height=False):
        with gr.Column(min_width=320, scale=3), frame("patch-frame", name="patching") as figure:
            grid = matrix("patch-grid")
        with gr.Column(min_width=320, scale=2):
            with frame("reach-frame", name="reach-of-the-patch") as reach_frame:
                reach = matrix("patch-reach")
            code = code_lines("patch-code", say("patch_python"))
    typed_now, answers_now, at_now = (_read(box) for box in (typed, answers, at))
    controls = [site, typed_now, answers_now, at_now]

    def patch(run: RunKey, token: int, site: Any, typed: Any, answers: Any, at: Any) -> Iterator[dict[Any, Any]]:
        job, site = new_job(), checked_site(site)
        pair = pair_for(ctx.services, run, typed, answers)
        title, words = say(f"patch_title_{site}"), pair_in_words(ctx.services, run, pair)
        heads = [str(head) for head in range(pair.runs.clean.config.n_heads)]
        columns = (
            Axis(say("patch_head"), heads) if site == HEADS else Axis(say("shared_token"), ctx.services.labels(run))
        )
        for now in grids(ctx.services, run, pair, site, at):
            reading = "patch_reading" if now.is_score else "patch_reading_moves"
            value = matrix_value(
                now.values,
                rows=Axis(say("shared_layer")),
                columns=columns,
                reading=say(f"{reading}_heads" if site == HEADS else reading),
                label=title,
                scale="diverging",
                limits=(-1.0, 1.0),
                picked=None,
                nothing=say("patch_not_yet"),
                no_origin=say("patch_no_origin"),
            )
            yield {
                told: info(now.told) if now.over else underway(now.told, job, now.done),
                grid: {**value, "heads": site == HEADS},
                figure.bar: frame_value(title, words),
            }

    def follow(
        run: RunKey, token: int, layer: int, head: int, site: Any, typed: Any, answers: Any, at: Any
    ) -> dict[Any, Any]:
        site, labels = checked_site(site), ctx.services.labels(run)
        pair = pair_for(ctx.services, run, typed, answers)
        where = (site, at, token, layer, head)
        found = reach_of(ctx.services, run, pair, *where)
        changes = found.changes.masked_fill(~found.possible, math.nan)
        value = matrix_value(
            changes,
            rows=Axis(say("patch_after"), [str(one) for one in range(len(changes))]),
            columns=Axis(say("shared_token"), labels),
            reading=say("reach_reading"),
            label=say("reach_title"),
            number="plain",
            limits=(0.0, float(changes.nan_to_num(0.0).max()) or 1.0),
            nothing=say("reach_nothing"),
            no_origin=say("patch_no_origin"),
        )
        words = f"{place_in_words(ctx.services, run, *where)} {score_in_words(pair, found.patched_answer)}"
        lines = python_of(ctx.services, run, pair, *where)
        return {
            reach: value,
            reach_frame.bar: frame_value(say("reach_title"), words),
            code: code_value(lines, say("patch_no_python")),
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
    ctx.draws(follow, [reach, reach_frame.bar, code], follow=["token", "layer", "head"], controls=controls)
    ctx.picks_together(_PICKED, grid.pick, grid)
    ctx.picks_together({"token": "value.column ?? cursor.token"}, reach.pick, reach)
    ctx.mirrors(grid, _MIRRORED)
    for name, both in (
        ("corrupted", (typed, typed_now)),
        ("patch_answers", (answers, answers_now)),
        ("patch_at", (at, at_now)),
    ):
        for box in both:  # a link brings the text before the tab is open, and no box tells of it then
            ctx.linked(box, name, any_text)
    ctx.linked(site, "patch_site", one_of(SITES))


def _read(box: gr.Textbox) -> gr.Textbox:
    """What stands in `box` when typing rests, or on Enter: invisible."""
    now = gr.Textbox("", visible="hidden", show_label=False)
    for event in (rested(box).submit, box.submit):
        event(None, box, now, js="(text) => text", **QUICK)
    return now
