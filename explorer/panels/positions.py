"""Positions: the learned table beside sine waves, how alike positions are, their components as curves, and a switch for all of them."""

from __future__ import annotations

from typing import Any

import gradio as gr
import pandas as pd

from explorer.answers.embeddings import position_likeness
from explorer.answers.positions import checked_view, curves_of, nearness_in_words, pictured, tables_of
from explorer.catalogue import catalogue
from explorer.figures.positions import component_curves
from explorer.page.links import one_of
from explorer.page.wiring import TabContext
from explorer.panels.switch import switch
from explorer.store.traces import RunKey
from explorer.widgets.curve import curve, curve_value
from explorer.widgets.frame import frame, frame_value, table_value
from explorer.widgets.matrix import Axis, matrix, matrix_value

say = catalogue("positions")

SHORTEST_WAVE = "6.3"


def build(ctx: TabContext) -> None:
    gr.Markdown(say("heading"))
    with gr.Row(equal_height=False):
        with gr.Column(min_width=320), frame("positions-own-frame", name="learned-positions") as own_frame:
            own = matrix("positions-own")
        with gr.Column(min_width=320), frame("positions-waves-frame", name="sine-waves") as waves_frame:
            waves = matrix("positions-waves")
    with gr.Row(equal_height=True):
        view = gr.Radio(
            [(say("view_rows"), "rows"), (say("view_cosines"), "cosines")],
            value="rows",
            label=say("view"),
            elem_id="positions-view",
            elem_classes="label-beside",
        )
        switch(ctx, "'positions'", say("switch_off"), say("switch_on"), "switch-positions")
    gr.Markdown(say("switch_words"))
    with gr.Row(equal_height=False):
        with gr.Column(min_width=320), frame("positions-frame", name="positions") as likeness_frame:
            likeness = curve("position-likeness")
        with gr.Column(min_width=320), frame("components-frame", name="components-of-positions") as curves_frame:
            curves = gr.Plot(show_label=False, elem_id="positions-components", elem_classes="plot-curves")

    def draw_tables(run: RunKey, view: Any) -> dict[Any, Any]:
        view = checked_view(view)
        table, sines = tables_of(ctx.services, run.model)
        model = ctx.services.models.title(run.model)
        updates: dict[Any, Any] = {}
        for shown, bar, values, title, told in (
            (own, own_frame.bar, table, say("own_title", model=model), _own_words(view)),
            (waves, waves_frame.bar, sines, say("waves_title"), _waves_words(view)),
        ):
            found = pictured(values, view)
            labels = [str(one) for one in found.positions]
            is_rows = view == "rows"
            updates[shown] = matrix_value(
                found.values,
                rows=Axis(say("shared_position"), labels),
                columns=Axis(say("shared_dimension")) if is_rows else Axis(say("shared_position"), labels),
                reading=say(f"{view}_reading"),
                label=title,
                scale="diverging",
                limits=(-found.limit, found.limit),
                no_origin=say("no_origin"),
            )
            cut = say("every", step=found.step, n=len(values)) if found.step > 1 else ""
            out = say("beyond", n=found.beyond, limit=found.limit) if found.beyond else ""
            near = "" if is_rows else nearness_in_words(values)
            updates[bar] = frame_value(title, " ".join(filter(None, (told, near, out, cut))))
        return updates

    def draw_likeness(run: RunKey, token: int) -> dict[Any, Any]:
        where = say("positions_title", position=token)
        return {
            likeness_frame.bar: frame_value(where, say("positions_summary")),
            likeness: curve_value(
                position_likeness(ctx.services, run, token),
                token,
                label=where,
                names=(say("shared_position"), say("cosine")),
                origin={"kind": "position_cosine", "index": [token]},
            ),
        }

    def draw_curves(run: RunKey) -> dict[Any, Any]:
        table, _ = tables_of(ctx.services, run.model)
        found, shares = curves_of(table)
        told = say("components_summary", n=len(shares), width=table.size(1), share=100 * sum(shares))
        return {
            curves: component_curves(found, shares),
            curves_frame.bar: frame_value(say("components_title"), told),
        }

    def rows(run: RunKey) -> Any:
        found, shares = curves_of(tables_of(ctx.services, run.model)[0])
        named = {
            say("shared_component_share", n=place + 1, share=100 * share): found[place]
            for place, share in enumerate(shares)
        }
        columns = {name: values.numpy() for name, values in named.items()}
        return table_value(pd.DataFrame({say("shared_position"): range(found.size(1)), **columns}))

    ctx.draws(draw_tables, [own, own_frame.bar, waves, waves_frame.bar], controls=[view])
    ctx.draws(draw_likeness, [likeness, likeness_frame.bar], follow=["token"])
    ctx.draws(draw_curves, [curves, curves_frame.bar])
    ctx.draws(rows, curves_frame.table, when=curves_frame.bar)
    ctx.linked(view, "positions_view", one_of(("rows", "cosines")))


def _own_words(view: str) -> str:
    return say("own_rows") if view == "rows" else say("own_cosines")


def _waves_words(view: str) -> str:
    return say("waves_rows", short=SHORTEST_WAVE) if view == "rows" else say("waves_cosines")
