"""All heads of all layers: what each adds to the answer directly beside what is missing without it, and one against the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import gradio as gr
from gradio.components import Component
from torch import Tensor

from explorer.answers.all_heads import AllHeads, all_heads_of, all_heads_table, in_words, switched_in_turn
from explorer.answers.head_effect import Asked
from explorer.catalogue import catalogue
from explorer.page.stopping import stop_button
from explorer.page.wiring import TabContext
from explorer.store.traces import RunKey
from explorer.widgets.frame import Cell, frame, frame_value, table_value
from explorer.widgets.head_plane import head_plane, plane_value
from explorer.widgets.matrix import Axis, Origin, matrix, matrix_value
from explorer.widgets.notice import info, new_job, notice_line, underway

say = catalogue("all_heads")
GROUP = "all-heads"

# The head picked in any of the three, and where they show the page's.
_PICKED = {"layer": "value.row ?? cursor.layer", "head": "value.column ?? cursor.head"}
_MIRRORED = "{ ...value, row: cursor.layer, column: cursor.head }"

AskedOf = Callable[[RunKey, int, Any, Any], Asked]


def build(ctx: TabContext, asked: AskedOf, boxes: Sequence[Component]) -> None:
    """asked(run, token, *boxes): the answer that is looked at."""
    with frame("effect-all-frame", name="all-heads", from_server=True) as figure:
        with gr.Row(equal_height=True):
            start = gr.Button(say("start"), size="sm", scale=0, min_width=260, elem_id="effect-all-start")
            stop = stop_button("effect-all-stop", scale=0, min_width=90)
            told = notice_line("effect-all-status")
        with gr.Row(equal_height=False):
            with gr.Column(min_width=300):
                direct = matrix("effect-heads", GROUP)
            with gr.Column(min_width=300):
                missing = matrix("effect-influences", GROUP)
            with gr.Column(min_width=300):
                plane = head_plane("effect-plane", GROUP)
    # how far the heads are, so that the figures are drawn again: they show what is known of the run on screen, whichever was searched
    known = gr.Textbox("", visible="hidden", show_label=False)
    controls = [*boxes, known]

    def draw(run: RunKey, token: int, first: Any, second: Any, _: Any) -> dict[Any, Any]:
        found = all_heads_of(ctx.services, run, token, asked(run, token, first, second))
        return {
            direct: _direct_value(found, token),
            missing: _missing_value(found),
            plane: plane_value(found, say("plane_title")),
            figure.bar: frame_value(say("title", answer=found.asked.words), in_words(found)),
        }

    def rows(run: RunKey, token: int, first: Any, second: Any, _: Any) -> Any:
        found = all_heads_of(ctx.services, run, token, asked(run, token, first, second))
        place = {"layer": Cell(say("shared_layer")), "index": [Cell(say("shared_head")), token, found.asked.ids[0]]}
        origins = {say("column_adds"): {"kind": "head_logit", **place}} if len(found.asked.ids) == 1 else {}
        return table_value(all_heads_table(found), origins)

    def search(run: RunKey, token: int, first: Any, second: Any) -> Iterator[dict[Any, Any]]:
        job = new_job()
        for now in switched_in_turn(ctx.services, run, token, asked(run, token, first, second)):
            yield {told: info(now.told) if now.over else underway(now.told, job, now.done), known: f"{job} {now.done}"}

    ctx.draws(draw, [direct, missing, plane, figure.bar], follow=["token"], controls=controls)
    ctx.draws(rows, figure.table, follow=["token"], controls=controls, when=figure.bar)
    ctx.streams(
        search,
        [known],
        told=told,
        starts=[start.click],
        controls=boxes,
        waits=True,
        stop=stop,
        stopped=say("stopped"),
        concurrency_id="influences",
    )
    for one in (direct, missing, plane):
        ctx.picks_together(_PICKED, one.pick, one)
        ctx.mirrors(one, _MIRRORED)


def _direct_value(found: AllHeads, token: int) -> dict[str, Any]:
    is_one, first = len(found.asked.ids) == 1, found.asked.ids[0]
    origin = [Origin("head_logit", layer, ("column", token, first)) for layer in range(len(found.attributions))]
    return _heads_value(
        found,
        found.attributions,
        say("direct_title"),
        nothing=say("averaged"),
        origin=origin if is_one else None,
        no_origin="" if is_one else say("no_origin_difference"),
    )


def _missing_value(found: AllHeads) -> dict[str, Any]:
    return _heads_value(
        found,
        found.influences,
        say("missing_title"),
        nothing=say("not_known_cell"),
        no_origin=say("no_origin_missing"),
    )


def _heads_value(found: AllHeads, values: Tensor, title: str, **options: Any) -> dict[str, Any]:
    return matrix_value(
        values,
        rows=Axis(say("shared_layer")),
        columns=Axis(say("shared_head")),
        reading=say("reading"),
        label=title,
        title=title,
        scale="diverging",
        limits=(-found.limit, found.limit),
        picked=None,
        **options,
    )
