"""What the picked head does to the answer: attention, attribution and influence side by side, and what it writes as tokens."""

from __future__ import annotations

from typing import Any

import gradio as gr

from explorer.answers.head_effect import (
    Adds,
    Asked,
    adds_of,
    asked_of,
    effect_of,
    effect_table,
    measures_of,
    verdict,
)
from explorer.catalogue import catalogue
from explorer.page.links import any_text
from explorer.page.wiring import TabContext
from explorer.panels import all_heads
from explorer.panels.switch import HEAD, switch
from explorer.store.traces import RunKey
from explorer.widgets.frame import frame, frame_value
from explorer.widgets.measures import measure_rows, measures
from explorer.widgets.rested import rested, typed
from explorer.widgets.token_bars import bar_rows, token_bars
from explorer.wording.numbers import fixed, signed

say = catalogue("head_effect")

LEAST_SCALE = 0.5  # logits at the ends of the bars, so that what is next to nothing looks like it


def build(ctx: TabContext) -> None:
    gr.Markdown(say("heading"))
    with gr.Row(equal_height=True):
        first = _token_box("first")
        second = _token_box("second")
        switch(ctx, HEAD, say("switch_off"), say("switch_on"), "effect-switch")
    with gr.Row(equal_height=False):
        with gr.Column(scale=5, min_width=320), frame("effect-frame", name="head-effect") as effect_frame:
            listed = measures("effect-measures")
        with gr.Column(scale=3, min_width=280), frame("promoted-frame", name="promoted-tokens") as promoted_frame:
            promoted = token_bars("effect-promoted")
        with gr.Column(scale=3, min_width=280), frame("suppressed-frame", name="suppressed-tokens") as suppressed_frame:
            suppressed = token_bars("effect-suppressed")
    clocks = [rested(box, on_enter=True) for box in (first, second)]

    def asked(run: RunKey, token: int, first: Any, second: Any) -> Asked:
        return asked_of(ctx.services, run, token, typed(first), typed(second))

    def draw(run: RunKey, token: int, layer: int, head: int, first: Any, second: Any) -> dict[Any, Any]:
        labels = ctx.services.labels(run)
        found = effect_of(ctx.services, run, token, layer, head, asked(run, token, first, second))
        limit = max(LEAST_SCALE, abs(found.direct), 0.0 if found.off else abs(found.missing))
        title = say("title", layer=layer, head=head, token=labels[token].text, position=token)
        rows = measures_of(found, labels, token, layer, head)
        return {
            listed: measure_rows(rows, limit, verdict(found, labels), say("scale", most=fixed(limit, 2))),
            effect_frame.bar: frame_value(title, say("frozen"), effect_table(found)),
        }

    def write(run: RunKey, token: int, layer: int, head: int) -> dict[Any, Any]:
        both = adds_of(ctx.services, run, token, layer, head)
        full = max((abs(one.logits[0]) for one in both if one.logits), default=1.0)
        where = {"token": ctx.services.labels(run)[token].text, "position": token}
        summary = say("written_summary", **where) if any(one.logits for one in both) else say("written_none")
        titles = say("promoted"), say("suppressed")
        updates: dict[Any, Any] = {}
        for bar, bars, one, title in zip(
            (promoted_frame.bar, suppressed_frame.bar), (promoted, suppressed), both, titles, strict=True
        ):
            updates |= {bar: frame_value(title, summary), bars: _bars(one, full)}
        return updates

    ctx.draws(draw, [listed, effect_frame.bar], follow=["token", "layer", "head"], controls=clocks)
    ctx.draws(
        write,
        [promoted_frame.bar, promoted, suppressed_frame.bar, suppressed],
        follow=["token", "layer", "head"],
    )
    all_heads.build(ctx, asked, clocks)
    ctx.linked(first, "effect_token", any_text)
    ctx.linked(second, "effect_against", any_text)


def _token_box(name: str) -> gr.Textbox:
    return gr.Textbox(
        "",
        label=say(name),
        placeholder=say(f"{name}_example"),
        elem_id=f"effect-{name}",
        elem_classes="label-beside",
        max_lines=1,
        min_width=240,
    )


def _bars(one: Adds, full: float) -> dict[str, Any]:
    ids, shown = [str(label.token_id) for label in one.labels], [signed(value) for value in one.logits]
    return bar_rows(one.labels, ids, one.logits, shown, "", one.origins(), full)
