"""LayerNorm and GELU at the picked token and layer."""

from __future__ import annotations

from typing import Any

import gradio as gr
import pandas as pd
import torch

from explorer.answers.norms import NORMS, gelu_in_words, neurons_of, norm_in_words, norm_of, without_norms
from explorer.catalogue import catalogue
from explorer.figures.gelu import gelu_points
from explorer.page.links import one_of
from explorer.page.wiring import TabContext
from explorer.panels.switch import switch
from explorer.store.traces import RunKey
from explorer.widgets.frame import frame, frame_value, table_value
from explorer.widgets.matrix import Axis, Origin, matrix, matrix_value

say = catalogue("block")


def build(ctx: TabContext) -> None:
    with gr.Row(equal_height=False):
        with gr.Column(min_width=320):
            with frame("norm-frame", name="layer-norm") as norm_frame:
                strips = matrix("norm-strips")
            with gr.Row(equal_height=False):
                which = gr.Radio(
                    [(say(f"which_{name}"), name) for name in NORMS],
                    value="ln1",
                    label=say("norm"),
                    elem_id="norm-which",
                )
                switch(ctx, "'norm'", say("norm_switch_off"), say("norm_switch_on"), "norm-switch")
        with gr.Column(min_width=320), frame("gelu-frame", name="gelu") as gelu_frame:
            points = gr.Plot(show_label=False, elem_id="gelu-points", elem_classes="plot-curves")

    def draw(run: RunKey, token: int, layer: int, which: Any) -> dict[Any, Any]:
        found = norm_of(ctx.services, run, token, layer, which)
        own = say(f"which_{which}")
        title = say("norm_title" if found.norm_layer is not None else "norm_title_final", norm=own, layer=layer)
        value = matrix_value(
            torch.stack([found.before, found.centred, found.after, found.scale, found.shift]),
            rows=Axis("", [say(f"strip_{name}") for name in ("before", "centred", "after", "scale", "shift")]),
            columns=Axis(say("shared_stream_dimension")),
            reading=say("strip_reading"),
            label=title,
            scale="diverging",
            shape="strips",
            origin=[
                Origin(found.site, found.layer, (token, "column")),
                None,
                Origin(which, found.norm_layer, (token, "column")),
                None,
                None,
            ],
        )
        told = f"{norm_in_words(found)} {without_norms(ctx.services, run, token)}"
        return {strips: value, norm_frame.bar: frame_value(title, told)}

    def draw_points(run: RunKey, token: int, layer: int) -> dict[Any, Any]:
        before, after = neurons_of(ctx.services, run, token, layer)
        form = ctx.services.models.get(run.model).model.config.gelu
        where = {"layer": layer, "token": ctx.services.labels(run)[token].text, "position": token}
        told = gelu_in_words(before, after, form)
        return {
            points: gelu_points(before, after),
            gelu_frame.bar: frame_value(say("gelu_title", n=len(before), **where), told),
        }

    def rows(run: RunKey, token: int, layer: int) -> Any:
        before, after = neurons_of(ctx.services, run, token, layer)
        columns = {
            say("neuron"): range(len(before)),
            say("before_gelu"): before.numpy(),
            say("after_gelu"): after.numpy(),
        }
        return table_value(pd.DataFrame(columns))

    ctx.draws(draw, [strips, norm_frame.bar], follow=["token", "layer"], controls=[which])
    ctx.draws(draw_points, [points, gelu_frame.bar], follow=["token", "layer"])
    ctx.draws(rows, gelu_frame.table, follow=["token", "layer"], when=gelu_frame.bar)
    ctx.linked(which, "norm", one_of(list(NORMS)))
