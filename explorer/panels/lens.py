"""The logit lens: what the model would say if it stopped on the way, at every place and token."""

from __future__ import annotations

from typing import Any

import gradio as gr

from explorer.answers.lens import SHOWN, kind_of, picture_of, place_names, summary_of
from explorer.catalogue import catalogue
from explorer.page.links import one_of
from explorer.page.wiring import TabContext
from explorer.store.traces import RunKey
from explorer.widgets.frame import frame, frame_value
from explorer.widgets.matrix import MIRRORED_COLUMN, PICKED_COLUMN, Axis, Origin, matrix, matrix_value
from gpt2core.lens import lens_places

say = catalogue("block")

# The layer of the row that was picked: the embedding, row 0, is what layer 0 reads; then come two rows a layer.
PICKED_LAYER = "value.row == null ? cursor.layer : Math.max(0, (value.row - 1) >> 1)"


def build(ctx: TabContext) -> None:
    with frame("lens-frame", name="logit-lens", main=True) as figure:
        grid = matrix("lens")
    with gr.Row(equal_height=True):
        shown = gr.Radio(
            [(say(f"shown_{name}"), name) for name in SHOWN],
            value=SHOWN[0],
            label=say("shown"),
            elem_id="lens-shown",
            elem_classes="label-beside",
            min_width=520,
        )
        layer = gr.Radio(
            [0], value=0, label=say("shared_layer"), elem_id="lens-layer", elem_classes="label-beside", min_width=200
        )

    def draw(run: RunKey, shown: Any) -> dict[Any, Any]:
        config = ctx.services.models.get(run.model).model.config
        picture = picture_of(ctx.services, run, shown)
        places = lens_places(config)
        value = matrix_value(
            picture.values,
            rows=Axis(say("place"), place_names(config)),
            columns=Axis(say("shared_token"), ctx.services.labels(run)),
            reading=say(f"reading_{shown}"),
            label=say("lens_title"),
            number="share" if shown == "share" else "plain",
            limits=picture.limits,
            texts=picture.texts,
            about=picture.first,
            log=shown == "rank",
            nothing=say("nothing_rank" if shown == "rank" else "nothing_lens"),
            origin=_origins(shown, places),
            no_origin=say("rank_is_counted") if shown == "rank" else "",
        )
        return {grid: value, layer: gr.Radio(choices=list(range(config.n_layers)))}

    def tell(run: RunKey, token: int) -> Any:
        return frame_value(say("lens_title"), summary_of(ctx.services, run, token))

    ctx.draws(draw, [grid, layer], controls=[shown])
    ctx.draws(tell, figure.bar, follow=["token"])
    ctx.picks_together({"token": PICKED_COLUMN, "layer": PICKED_LAYER}, grid.pick, grid)
    ctx.picks("layer", layer.input, layer, "value")
    ctx.mirrors(grid, MIRRORED_COLUMN)
    ctx.mirrors(layer, "cursor.layer")
    ctx.linked(shown, "lens_shows", one_of(SHOWN))


def _origins(shown: str, places: Any) -> list[Origin] | None:
    """Row by row, which derived numbers the cells are."""
    if shown == "rank":
        return None
    origins = []
    for site, layer in places:
        kind, at = kind_of(site, layer)
        if shown == "kl":
            origins.append(Origin(kind.replace("guess", "kl"), at, ("column",)))
        else:
            origins.append(Origin(kind, at, ("column", "cell")))
    return origins
