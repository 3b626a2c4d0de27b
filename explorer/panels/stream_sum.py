"""The residual stream as a sum: who wrote how much, and what each part adds to one token's logit."""

from __future__ import annotations

from typing import Any

import gradio as gr
import pandas as pd

from explorer.answers.stream_sum import MEASURES, checked_measure, part_names, steps_of, sum_in_words, sum_of
from explorer.catalogue import catalogue
from explorer.figures.stream_sum import logit_waterfall
from explorer.page.links import any_text, one_of
from explorer.page.wiring import TabContext
from explorer.store.traces import RunKey
from explorer.widgets.frame import frame, frame_value, table_value
from explorer.widgets.matrix import Axis, matrix, matrix_value
from explorer.widgets.rested import rested, typed

say = catalogue("block")


def build(ctx: TabContext) -> None:
    with gr.Row(equal_height=True):
        chosen = gr.Textbox(
            "", label=say("chosen"), placeholder=say("chosen_example"), elem_id="sum-token", max_lines=1
        )
        measure = gr.Radio(
            [(say(f"measure_{name}"), name) for name in MEASURES],
            value=MEASURES[0],
            label=say("measure"),
            elem_id="sum-measure",
            elem_classes="label-beside",
        )
    with gr.Row(equal_height=False):
        with gr.Column(min_width=320), frame("sum-frame", name="stream-as-a-sum") as parts_frame:
            parts = matrix("sum-parts")
        with gr.Column(min_width=320), frame("steps-frame", name="logit-along-the-stream") as steps_frame:
            steps = gr.Plot(show_label=False, elem_id="sum-steps", elem_classes="plot-curves")

    at_rest = rested(chosen, on_enter=True)

    def draw(run: RunKey, token: int, chosen: Any, measure: Any) -> dict[Any, Any]:
        measure = checked_measure(measure)
        found, label = sum_of(ctx.services, run, token, typed(chosen)), ctx.services.labels(run)[token]
        by_logit = measure == "logit"
        values = found.parts if by_logit else found.sizes
        where = {"token": label.text, "position": token}
        title = say("parts_title_logit", answer=found.token, **where) if by_logit else say("parts_title_size", **where)
        value = matrix_value(
            values,
            rows=Axis(say("shared_layer")),
            columns=Axis(say("part_axis"), part_names(values.shape[1] - 2)),
            reading=say(f"parts_reading_{measure}"),
            label=title,
            scale="diverging" if by_logit else "sequential",
            number="signed" if by_logit else "plain",
            no_origin=say("parts_no_origin"),
        )
        return {parts: value, parts_frame.bar: frame_value(title, sum_in_words(found, measure))}

    def draw_steps(run: RunKey, token: int, chosen: Any) -> dict[Any, Any]:
        found, label = sum_of(ctx.services, run, token, typed(chosen)), ctx.services.labels(run)[token]
        title = say("steps_title", answer=found.token, token=label.text, position=token)
        names, values = zip(*steps_of(found), strict=True)
        return {
            steps: logit_waterfall(names, values),
            steps_frame.bar: frame_value(title, say("steps_summary")),
        }

    def rows(run: RunKey, token: int, chosen: Any) -> Any:
        found = sum_of(ctx.services, run, token, typed(chosen))
        named = [*steps_of(found), (say("step_sum"), found.logit.total())]
        return table_value(pd.DataFrame(named, columns=[say("part_axis"), say("step_axis")]))

    ctx.draws(draw, [parts, parts_frame.bar], follow=["token"], controls=[at_rest, measure])
    ctx.draws(draw_steps, [steps, steps_frame.bar], follow=["token"], controls=[at_rest])
    ctx.draws(rows, steps_frame.table, follow=["token"], controls=[at_rest], when=steps_frame.bar)
    ctx.linked(chosen, "sum_token", any_text)
    ctx.linked(measure, "sum_by", one_of(MEASURES))
