"""How likely chosen tokens are at every place of the stream, at one token or several."""

from __future__ import annotations

from typing import Any

import gradio as gr
import pandas as pd

from explorer.answers.lens import curves_of, place_names
from explorer.catalogue import catalogue
from explorer.figures.lens import share_curves
from explorer.page.links import any_text
from explorer.page.wiring import TabContext
from explorer.store.traces import RunKey
from explorer.widgets.frame import frame, frame_value, table_value
from explorer.widgets.rested import rested, typed

say = catalogue("block")


def build(ctx: TabContext) -> None:
    with frame("curves-frame", name="shares-on-the-way") as figure:
        with gr.Row(equal_height=True):
            pinned = gr.Textbox(
                "", label=say("pinned"), placeholder=say("pinned_example"), elem_id="lens-pinned", max_lines=1
            )
            more = gr.Textbox(
                "", label=say("more_positions"), placeholder=say("more_example"), elem_id="lens-more", max_lines=1
            )
        curves = gr.Plot(show_label=False, elem_id="lens-curves", elem_classes="plot-curves")

    def places_of(run: RunKey) -> list[str]:
        return place_names(ctx.services.models.get(run.model).model.config)

    def draw(run: RunKey, token: int, pinned: Any, more: Any) -> dict[Any, Any]:
        found = curves_of(ctx.services, run, token, typed(pinned), typed(more))
        tokens, at, shares = zip(*((one.token.text, one.at, one.shares) for one in found), strict=True)
        where = ctx.services.labels(run)[token].text
        return {
            curves: share_curves(tokens, at, shares, places_of(run)),
            figure.bar: frame_value(say("curves_title", token=where, position=token), say("curves_summary")),
        }

    def rows(run: RunKey, token: int, pinned: Any, more: Any) -> Any:
        found = curves_of(ctx.services, run, token, typed(pinned), typed(more))
        columns = {say("curve_at", token=one.token.text, at=one.at): one.shares.numpy() for one in found}
        return table_value(pd.DataFrame({say("place"): places_of(run), **columns}))

    controls = [rested(box, on_enter=True) for box in (pinned, more)]
    ctx.draws(draw, [curves, figure.bar], follow=["token"], controls=controls)
    ctx.draws(rows, figure.table, follow=["token"], controls=controls, when=figure.bar)
    ctx.linked(pinned, "lens_pinned", any_text)
    ctx.linked(more, "lens_positions", any_text)
