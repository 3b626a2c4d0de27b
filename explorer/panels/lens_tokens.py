"""The likeliest tokens before, inside and after the picked layer; those that are pinned as curves along all places of the stream."""

from __future__ import annotations

from typing import Any

import gradio as gr
import pandas as pd

from explorer.answers.lens import Top, curves_of, place_names, tops_of
from explorer.catalogue import catalogue
from explorer.figures.lens import share_curves
from explorer.page.events import QUICK
from explorer.page.links import any_text
from explorer.page.wiring import TabContext
from explorer.store.traces import RunKey
from explorer.widgets.frame import Frame, frame, frame_value, table_value
from explorer.widgets.rested import rested, typed
from explorer.widgets.token_bars import bar_rows, bar_sheets, token_bars
from explorer.wording.numbers import percent

say = catalogue("block")

# In the browser: a token that was clicked in a list enters the pinned ones, or leaves them however it is written there.
_TURNED = """(bars, text) => {
  const words = (text || '').split(/\\s+/).filter(Boolean);
  const others = words.filter((word) => !bars.names.includes(word));
  const next = (others.length < words.length ? others : [...words, bars.names[0]]).join(' ');
  return [next, { text: next, now: true }];
}"""


def build(ctx: TabContext) -> None:
    with gr.Row(equal_height=False):
        lists = [
            _top_list(*names)
            for names in (
                ("before", "before-the-layer"),
                ("between", "after-its-attention"),
                ("after", "after-its-mlp"),
            )
        ]
    with frame("curves-frame", name="shares-on-the-way") as figure:
        with gr.Row(equal_height=True):
            pinned = gr.Textbox(
                "", label=say("pinned"), placeholder=say("pinned_example"), elem_id="lens-pinned", max_lines=1
            )
            more = gr.Textbox(
                "", label=say("more_positions"), placeholder=say("more_example"), elem_id="lens-more", max_lines=1
            )
        curves = gr.Plot(show_label=False, elem_id="lens-curves", elem_classes="plot-curves")
    pinned_now, more_now = (rested(box, on_enter=True) for box in (pinned, more))

    def places_of(run: RunKey) -> list[str]:
        return place_names(ctx.services.models.get(run.model).model.config)

    def list_tops(run: RunKey, token: int, pinned: Any) -> dict[Any, Any]:
        summary = say("top_summary", token=ctx.services.labels(run)[token].text, position=token)
        titles = say("before_layer"), say("between_halves"), say("after_layer")
        tops = tops_of(ctx.services, run, token, typed(pinned))
        updates: dict[Any, Any] = {}
        for (one, bars), of_layers, title in zip(lists, tops, titles, strict=True):
            updates[one.bar] = frame_value(title, summary)
            updates[bars] = bar_sheets([_rows_of(top) for top in of_layers])
        return updates

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

    drawn = [part for one, bars in lists for part in (one.bar, bars)]
    ctx.draws(list_tops, drawn, follow=["token"], controls=[pinned_now])
    controls = [pinned_now, more_now]
    ctx.draws(draw, [curves, figure.bar], follow=["token"], controls=controls)
    ctx.draws(rows, figure.table, follow=["token"], controls=controls, when=figure.bar)
    for _, bars in lists:
        bars.pick(None, [bars, pinned], [pinned, pinned_now], js=_TURNED, **QUICK)
    ctx.linked(pinned, "lens_pinned", any_text)
    ctx.linked(more, "lens_positions", any_text)


def _top_list(place: str, file: str) -> tuple[Frame, gr.HTML]:
    with gr.Column(min_width=260), frame(f"lens-{place}-frame", name=file) as one:
        return one, token_bars(f"lens-{place}", pinnable=True)


def _rows_of(top: Top) -> dict[str, Any]:
    ids, shown = [str(label.token_id) for label in top.tokens], [percent(share) for share in top.shares]
    return bar_rows(top.tokens, ids, top.shares, shown, top.title, top.origins(), pins=top.pins)
