"""One head large: its pattern as a heatmap, beside what the values carry, as a mean over heads, or as lines; and what a token looks at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gradio as gr

from explorer.answers.attention import (
    VIEWS,
    PatternSheets,
    checked_view,
    heads_sent,
    looks_at,
    one_sheet,
    sheets_of,
    summary_sentence,
    title_of,
)
from explorer.catalogue import catalogue
from explorer.page.links import numbers_listed, one_of
from explorer.page.wiring import TabContext
from explorer.panels.switch import head_switch
from explorer.store.traces import RunKey
from explorer.widgets.frame import frame, frame_value
from explorer.widgets.lines import lines, lines_value
from explorer.widgets.matrix import MIRRORED_ROW, PICKED_ROW, Axis, Origin, Sheet, matrix, matrix_value
from explorer.widgets.token_bars import bar_rows, token_bars
from explorer.wording.numbers import percent
from gpt2core.edits import all_causal

say = catalogue("attention")

# In the browser: the frame shows what belongs to the view, by styles/figures.css.
_SHOWN = "(view) => { document.getElementById('attention-frame').dataset.view = view; }"


def build(ctx: TabContext, hide_first: gr.Checkbox) -> gr.HTML:
    """The large heatmap, whose event `pick` tells a pair of tokens."""
    with frame("attention-frame", name="attention", main=True) as figure, gr.Row(equal_height=False):
        heatmap = matrix("attention-heatmap")
        weighted = matrix("attention-weighted")
        threads = lines("attention-lines")
    view = gr.Radio(
        [(say(f"view_{name}"), name) for name in VIEWS],
        value=VIEWS[0],
        label=say("view"),
        elem_id="attention-view",
        elem_classes="label-beside",
    )
    with gr.Row(equal_height=True):
        layer = gr.Radio(
            [0], value=0, label=say("shared_layer"), elem_id="layer", elem_classes="label-beside", min_width=200
        )
        head = gr.Radio(
            [0], value=0, label=say("shared_head"), elem_id="head", elem_classes="label-beside", min_width=200
        )
        head_switch(ctx)
    with frame("looks-at-frame", name="looks-at") as list_frame:
        listed = token_bars("looks-at")

    def offer(run: RunKey) -> dict[Any, Any]:
        config = ctx.services.models.get(run.model).model.config
        return {
            layer: gr.Radio(choices=list(range(config.n_layers))),
            head: gr.Radio(choices=list(range(config.n_heads))),
        }

    def sent(run: RunKey, layer: int, head: int) -> list[int]:
        config = ctx.services.models.get(run.model).model.config
        return [at or 0 for at in heads_sent(config, len(run.token_ids), layer, head)]

    def draw(run: RunKey, layer: int, head: int, hide_first: bool, view: Any) -> Any:
        kind = "mean" if checked_view(view) == "mean" else "weights"
        return _heat(ctx, run, sheets_of(ctx.services, run, layer, head, hide_first, kind), hide_first, kind)

    def draw_weighted(run: RunKey, layer: int, head: int, hide_first: bool, view: Any) -> Any:
        if view != "weighted":
            return gr.skip()
        return _heat(ctx, run, sheets_of(ctx.services, run, layer, head, hide_first, view), hide_first, view)

    def draw_lines(run: RunKey, layer: int, head: int, hide_first: bool, view: Any) -> Any:
        if view != "lines":
            return gr.skip()
        found = sheets_of(ctx.services, run, layer, head, hide_first, "weights")
        heads = [(layer, one) for layer, one in found.places if one is not None]
        return lines_value(
            found.weights, heads, ctx.services.labels(run), no_origin=say("no_origin") if hide_first else ""
        )

    def tell(run: RunKey, token: int, layer: int, head: int, hide_first: bool, view: Any) -> dict[Any, Any]:
        labels = ctx.services.labels(run)
        weights = one_sheet(ctx.services, run, layer, head, hide_first, checked_view(view))[token]
        n_seen = token + 1 if all_causal(run.pass_edits) else len(labels)
        found = looks_at(weights, labels, token, hide_first, n_seen)
        summary = summary_sentence(weights, [label.text for label in labels], token, hide_first, n_seen)
        notes, shares = [str(position) for position in found.positions], [percent(weight) for weight in found.weights]
        origins = None if hide_first or view == "mean" else found.origins(token, layer, head)
        return {
            figure.bar: frame_value(title_of(layer, None if view == "mean" else head, hide_first), summary),
            list_frame.bar: frame_value(found.caption, ""),
            listed: bar_rows(found.labels, notes, found.weights, shares, "", origins),
        }

    controls = [hide_first, view]
    ctx.draws(offer, [layer, head])
    ctx.draws(draw, heatmap, follow=["layer", "head"], controls=controls, matters=sent)
    ctx.draws(draw_weighted, weighted, follow=["layer", "head"], controls=controls, matters=sent)
    ctx.draws(draw_lines, threads, follow=["layer", "head"], controls=controls, matters=sent)
    ctx.draws(tell, [figure.bar, list_frame.bar, listed], follow=["token", "layer", "head"], controls=controls)
    _follow_the_cursor(ctx, (heatmap, weighted), layer, head)
    ctx.linked(view, "attention_view", one_of(VIEWS))
    ctx.linked(None, "lines_heads", numbers_listed, "")
    view.change(None, view, None, js=_SHOWN)
    return heatmap


def _follow_the_cursor(ctx: TabContext, pictures: Sequence[gr.HTML], layer: gr.Radio, head: gr.Radio) -> None:
    """And move it when they are pressed."""
    for one in pictures:
        ctx.picks("token", one.pick, one, PICKED_ROW)
        ctx.mirrors(one, MIRRORED_ROW)
    ctx.picks("layer", layer.input, layer, "value")
    ctx.picks("head", head.input, head, "value")
    ctx.mirrors(layer, "cursor.layer")
    ctx.mirrors(head, "cursor.head")


def _heat(ctx: TabContext, run: RunKey, found: PatternSheets, hide_first: bool, view: str) -> dict[str, Any]:
    labels = ctx.services.labels(run)
    why = say("no_origin") if hide_first else say("no_origin_weighted") if view == "weighted" else ""

    def sheet(layer: int, head: int | None) -> Sheet:
        title = title_of(layer, head, hide_first, view)
        if head is None:
            return Sheet(layer, head, title, None, say("no_origin_mean"))
        return Sheet(layer, head, title, None if why else Origin("pattern", layer, (head, "row", "column")), why)

    return matrix_value(
        found.weights,
        rows=Axis(say("query"), labels),
        columns=Axis(say("key"), labels),
        reading=say("weighted_reading" if view == "weighted" else "cell_reading"),
        blank="future" if found.blank else None,
        sheets=[sheet(*place) for place in found.places],
    )
