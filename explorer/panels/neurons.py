"""The MLP's strongest neurons at the picked token: what each says, where else it fires, its switch."""

from __future__ import annotations

from typing import Any

import gradio as gr

from explorer.answers.neurons import neuron_table, neurons_at, neurons_in_words, where_in_words
from explorer.catalogue import catalogue
from explorer.page.links import one_of
from explorer.page.wiring import TabContext
from explorer.store.traces import RunKey
from explorer.widgets.frame import Cell, frame, frame_value, table_value
from explorer.widgets.matrix import MIRRORED_COLUMN, PICKED_COLUMN, Axis, Origin, matrix, matrix_value
from explorer.widgets.neurons import HOWS, neuron_list, neuron_rows

say = catalogue("block")


def build(ctx: TabContext) -> None:
    with gr.Row(equal_height=False):
        with gr.Column(min_width=320, scale=3), frame("neurons-frame", name="strongest-neurons") as listed_frame:
            listed = neuron_list("neurons")
            how = gr.Radio(
                [(say("shared_to_zero"), "zero"), (say("shared_to_mean"), "mean")],
                value=HOWS[0],
                label=say("neuron_how"),
                elem_id="neurons-how",
                elem_classes="label-beside",
            )
        with gr.Column(min_width=320, scale=2), frame("fires-frame", name="where-neurons-fire") as fires_frame:
            fires = matrix("neurons-fire")

    def draw(run: RunKey, token: int, layer: int, how: Any) -> dict[Any, Any]:
        found, labels = neurons_at(ctx.services, run, token, layer), ctx.services.labels(run)
        where = {"layer": layer, "token": labels[token].text, "position": token}
        value = matrix_value(
            found.fires,
            rows=Axis(say("neuron"), [str(one.number) for one in found.rows]),
            columns=Axis(say("shared_token"), labels),
            reading=say("fires_reading"),
            label=say("fires_title", layer=layer),
            scale="diverging",
            origin=[Origin("mlp_post", layer, ("column", one.number)) for one in found.rows],
        )
        return {
            listed: neuron_rows(found, how),
            listed_frame.bar: frame_value(say("neurons_title", **where), neurons_in_words(found)),
            fires: value,
            fires_frame.bar: frame_value(say("fires_title", layer=layer), where_in_words(found, labels)),
        }

    def rows(run: RunKey, token: int, layer: int) -> Any:
        origins = {
            say(name): {"site": site, "layer": layer, "index": [token, Cell(say("neuron"))]}
            for name, site in (("before_gelu", "mlp_pre"), ("after_gelu", "mlp_post"))
        }
        return table_value(neuron_table(neurons_at(ctx.services, run, token, layer)), origins)

    ctx.draws(draw, [listed, listed_frame.bar, fires, fires_frame.bar], follow=["token", "layer"], controls=[how])
    ctx.draws(rows, listed_frame.table, follow=["token", "layer"], when=listed_frame.bar)
    ctx.picks("token", fires.pick, fires, PICKED_COLUMN)
    ctx.mirrors(fires, MIRRORED_COLUMN)
    ctx.linked(how, "neuron_off", one_of(HOWS))
