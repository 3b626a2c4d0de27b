"""Attention: every head at a glance, one of them large, and what the picked token looks at."""

from __future__ import annotations

import json
from typing import Any

import gradio as gr

from explorer.answers.attention import looks_at, pattern_of, summary_sentence, title_of
from explorer.catalogue import catalogue
from explorer.page.events import QUICK
from explorer.page.intro import intro
from explorer.page.spec import TabSpec
from explorer.page.wiring import TabContext
from explorer.panels import head_effect, heads, two_patterns
from explorer.store.traces import RunKey
from explorer.widgets.frame import frame, frame_value
from explorer.widgets.matrix import MIRRORED_ROW, PICKED_ROW, Axis, Origin, matrix, matrix_value
from explorer.widgets.token_bars import bar_rows, token_bars
from explorer.wording.numbers import percent

say = catalogue("attention")

# In the browser: the picked head is switched off in the page's edits, or on again where it is among them.
_SWITCHED = """(cursor) => {
  const head = `head:${cursor.layer}.${cursor.head}`;
  const edits = (cursor.edits || '').split(',').filter(Boolean);
  return { ...cursor, edits: (edits.includes(head) ? edits.filter((edit) => edit !== head) : [...edits, head]).join(',') };
}"""


def build(ctx: TabContext) -> None:
    intro(say)
    with gr.Row(equal_height=False):
        with gr.Column(scale=4, min_width=300, elem_classes="last-on-a-phone"):
            hide_first = heads.build(ctx)
        with gr.Column(scale=7, min_width=320):
            with frame("attention-frame", name="attention", main=True) as figure:
                heatmap = matrix("attention-heatmap")
            with gr.Row(equal_height=True):
                layer = gr.Radio(
                    [0], value=0, label=say("shared_layer"), elem_id="layer", elem_classes="label-beside", min_width=200
                )
                head = gr.Radio(
                    [0], value=0, label=say("head"), elem_id="head", elem_classes="label-beside", min_width=200
                )
                switch = gr.Button(say("switch_off"), size="sm", scale=0, min_width=190, elem_id="switch-head")
    with frame("looks-at-frame", name="looks-at") as list_frame:
        listed = token_bars("looks-at")
    gr.Markdown(say("caution"))
    head_effect.build(ctx)
    two_patterns.build(ctx)

    def offer(run: RunKey) -> dict[Any, Any]:
        config = ctx.services.models.get(run.model).model.config
        return {
            layer: gr.Radio(choices=list(range(config.n_layers))),
            head: gr.Radio(choices=list(range(config.n_heads))),
        }

    def draw(run: RunKey, layer: int, head: int, hide_first: bool) -> dict[Any, Any]:
        labels = ctx.services.labels(run)
        value = matrix_value(
            pattern_of(ctx.services, run, layer, head, hide_first),
            rows=Axis(say("query"), labels),
            columns=Axis(say("key"), labels),
            reading=say("cell_reading"),
            label=title_of(layer, head, hide_first),
            blank="future",
            origin=None if hide_first else Origin("pattern", layer, (head, "row", "column")),
            no_origin=say("no_origin") if hide_first else "",
        )
        return {heatmap: value}

    def tell(run: RunKey, token: int, layer: int, head: int, hide_first: bool) -> dict[Any, Any]:
        weights, labels = pattern_of(ctx.services, run, layer, head, hide_first)[token], ctx.services.labels(run)
        found = looks_at(weights, labels, token, hide_first)
        summary = summary_sentence(weights, [label.text for label in labels], token, hide_first)
        notes, shares = [str(position) for position in found.positions], [percent(weight) for weight in found.weights]
        origins = None if hide_first else found.origins(token, layer, head)
        return {
            figure.bar: frame_value(title_of(layer, head, hide_first), summary),
            list_frame.bar: frame_value(found.caption, ""),
            listed: bar_rows(found.labels, notes, found.weights, shares, "", origins),
        }

    ctx.draws(offer, [layer, head])
    ctx.draws(draw, heatmap, follow=["layer", "head"], controls=[hide_first])
    ctx.draws(tell, [figure.bar, list_frame.bar, listed], follow=["token", "layer", "head"], controls=[hide_first])
    ctx.picks("token", heatmap.pick, heatmap, PICKED_ROW)
    ctx.picks("layer", layer.input, layer, "value")
    ctx.picks("head", head.input, head, "value")
    ctx.mirrors(heatmap, MIRRORED_ROW)
    ctx.mirrors(layer, "cursor.layer")
    ctx.mirrors(head, "cursor.head")
    ctx.mirrors(switch, _switch_label())
    switch.click(None, ctx.page.cursor, ctx.page.cursor, js=_SWITCHED, **QUICK)


def _switch_label() -> str:
    """An expression over the cursor, for TabContext.mirrors."""
    off, on = json.dumps(say("switch_off")), json.dumps(say("switch_on"))
    return f"JSON.parse(cursor.run || '{{}}').edits?.split(',').includes(`head:${{cursor.layer}}.${{cursor.head}}`) ? {on} : {off}"


TAB = TabSpec(say("title"), 30, build)
