"""One patch followed: what it changes at every later place of the corrupted run, and what becomes of the answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gradio as gr
from gradio.components import Component

from explorer.answers.lens import place_names
from explorer.answers.patching import (
    REACHES,
    answer_rows,
    pair_for,
    place_in_words,
    python_of,
    reach_of,
    reach_values,
    score_in_words,
    site_picked,
)
from explorer.catalogue import catalogue
from explorer.page.links import one_of
from explorer.page.wiring import TabContext
from explorer.store.traces import RunKey
from explorer.widgets.code import code_value
from explorer.widgets.frame import frame, frame_value
from explorer.widgets.matrix import MIRRORED_COLUMN, PICKED_COLUMN, Axis, matrix, matrix_value
from explorer.widgets.measures import measure_rows, measures
from explorer.wording.numbers import fixed

say = catalogue("block")


def build(ctx: TabContext, boxes: Sequence[Component], code: gr.HTML) -> None:
    """boxes: what is carried over, the corrupted sentence, the answers, where heads are patched, and which place of EVERY one. code: where the
    Python that makes the same patch is put."""
    with frame("reach-frame", name="reach-of-the-patch") as reach_frame:
        reach = matrix("patch-reach")
    shown = gr.Radio(
        [(say(f"reach_shown_{name}"), name) for name in REACHES],
        value=REACHES[0],
        label=say("reach_shown"),
        elem_id="reach-shown",
        elem_classes="label-beside",
    )
    with frame("answer-frame", name="patched-answer") as answer_frame:
        answer = measures("patch-answer", tabular=True)

    def follow(run: RunKey, token: int, layer: int, head: int, *given: Any) -> dict[Any, Any]:
        site, typed, answers, at, place, shown = given
        pair = pair_for(ctx.services, run, typed, answers)
        where = (site_picked(site, place), at, token, layer, head)
        found = reach_of(ctx.services, run, pair, *where)
        values, limits = reach_values(found, shown)
        value = matrix_value(
            values,
            rows=Axis(say("place"), place_names(pair.runs.clean.config)),
            columns=Axis(say("shared_token"), ctx.services.labels(run)),
            reading=say(f"reach_reading_{shown}"),
            label=say("reach_title"),
            scale="sequential" if shown == "length" else "diverging",
            number="plain" if shown == "length" else "signed",
            limits=limits,
            log=shown == "length",
            nothing=say("reach_nothing"),
            no_origin=say("patch_no_origin"),
        )
        carried, score = place_in_words(ctx.services, run, *where), score_in_words(pair, found.patched_answer)
        rows = answer_rows(pair, found.patched_answer)
        most = max(abs(row["value"]) for row in rows) or 1.0
        first, second = (label.text for label in pair.answers)
        moves = say("reach_summary" if bool(found.changes.any()) else "reach_none")
        return {
            reach: value,
            reach_frame.bar: frame_value(say("reach_title"), f"{carried} {moves}"),
            answer: measure_rows(rows, most, score, say("answer_scale", most=fixed(most, 2))),
            answer_frame.bar: frame_value(say("answer_title", first=first, second=second), carried),
            code: code_value(python_of(ctx.services, run, pair, *where), say("patch_no_python")),
        }

    outputs = [reach, reach_frame.bar, answer, answer_frame.bar, code]
    ctx.draws(follow, outputs, follow=["token", "layer", "head"], controls=[*boxes, shown])
    ctx.picks("token", reach.pick, reach, PICKED_COLUMN)
    ctx.mirrors(reach, MIRRORED_COLUMN)
    ctx.linked(shown, "reach_shows", one_of(REACHES))
