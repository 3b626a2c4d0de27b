"""Two attention patterns side by side with their difference."""

from __future__ import annotations

from typing import Any, Literal

import gradio as gr
import torch

from explorer.answers.two_patterns import (
    CHANGES,
    Chosen,
    Side,
    column,
    difference_of,
    in_words,
    left_side,
    pair_table,
    right_origin,
    right_run,
    right_side,
    title_of,
)
from explorer.catalogue import catalogue
from explorer.page.links import any_text, one_of
from explorer.page.wiring import Part, TabContext
from explorer.store.traces import RunKey
from explorer.widgets.frame import Cell, frame, frame_value, table_value
from explorer.widgets.matrix import MIRRORED_ROW, PICKED_ROW, Axis, Origin, matrix, matrix_value
from explorer.widgets.rested import rested, typed
from gpt2core import Gpt2CoreError

say = catalogue("two_patterns")
attention = catalogue("attention")
GROUP = "two-patterns"

# The right side shares the page's token where it has as many tokens.
_RIGHT_PICKED = f"value.shares ? ({PICKED_ROW}) : cursor.token"
_RIGHT_MIRRORED = f"value.shares ? ({MIRRORED_ROW}) : value"


def build(ctx: TabContext) -> None:
    gr.Markdown(say("heading"))
    with gr.Row(equal_height=True):
        layer = _menu("layer")
        head = _menu("head")
        model = ctx.model_menu(
            [(say("as_left"), "")],
            "",
            label=say("model"),
            elem_id="right-model",
            elem_classes="label-beside",
            min_width=300,
            scale=2,
            allow_custom_value=True,
        )
    with gr.Row(equal_height=True):
        text = _box("text")
        edits = _box("edits")
        changes = gr.Dropdown(
            [(say("as_left"), CHANGES[0]), (say("without_changes"), CHANGES[1])],
            value=CHANGES[0],
            label=say("changes"),
            elem_id="right-changes",
            elem_classes="label-beside",
            min_width=340,
            scale=3,
            allow_custom_value=True,
        )
    with frame("pair-frame", name="two-patterns", from_server=True) as figure, gr.Row(equal_height=False):
        left, right, difference = (_pattern(name) for name in ("left", "right", "difference"))
    controls = [layer, head, model, rested(text, on_enter=True), changes, rested(edits, on_enter=True)]

    def chosen(layer: Any, head: Any, model: Any, text: Any, changes: Any, edits: Any) -> Chosen:
        return Chosen(layer, head, "" if model is None else model, typed(text), changes, typed(edits))

    def sides(run: RunKey, at: int, index: int, given: Chosen) -> tuple[Side, Side]:
        return left_side(ctx.services, run, at, index), right_side(ctx.services, run, at, index, given)

    def offer(run: RunKey, *given: Any) -> dict[Any, Any]:
        try:
            of = right_run(ctx.services, run, chosen(*given)).model
        except Gpt2CoreError:
            of = run.model  # the figure says what is wrong
        config = ctx.services.models.get(of).model.config
        return {layer: _choices(config.n_layers), head: _choices(config.n_heads)}

    def draw_left(run: RunKey, at: int, index: int) -> Any:
        side = left_side(ctx.services, run, at, index)
        return {left: _pattern_value(side, title_of(side, "left"), Origin("pattern", at, (index, "row", "column")))}

    def draw_right(run: RunKey, at: int, index: int, *given: Any) -> dict[Any, Any]:
        here, there = sides(run, at, index, chosen(*given))
        named, why = right_origin(run, there)
        origin = None if why else Origin("pattern", there.layer, (there.head, "row", "column"), named)
        found = difference_of(here, there)
        shares = {"shares": found is not None}
        return {
            right: _pattern_value(there, title_of(there, "right"), origin, why) | shares,
            difference: _difference_value(here, there) | shares,
            figure.bar: frame_value(say("title"), in_words(here, there)),
        }

    def rows(run: RunKey, at: int, index: int, *given: Any) -> Any:
        here, there = sides(run, at, index, chosen(*given))
        named, why = right_origin(run, there)
        places = (Cell(column("query")), Cell(column("key")))
        origins = {column("left"): here.place(places)}
        if not why:
            origins[column("right")] = there.place(places) | ({} if named is None else {"model": named})
        return table_value(pair_table(here, there), origins)

    follow: list[Part] = ["layer", "head"]
    ctx.draws(offer, [layer, head], controls=controls)
    ctx.draws(draw_left, left, follow=follow)
    ctx.draws(draw_right, [right, difference, figure.bar], follow=follow, controls=controls)
    ctx.draws(rows, figure.table, follow=follow, controls=controls, when=figure.bar)
    ctx.picks("token", left.pick, left, PICKED_ROW)
    ctx.mirrors(left, MIRRORED_ROW)
    for one in (right, difference):
        ctx.picks("token", one.pick, one, _RIGHT_PICKED)
        ctx.mirrors(one, _RIGHT_MIRRORED)
    for control, name in ((layer, "layer"), (head, "head"), (model, "model"), (text, "text"), (edits, "edits")):
        ctx.linked(control, f"right_{name}", any_text)
    ctx.linked(changes, "right_changes", one_of(CHANGES))


def _menu(name: str) -> gr.Dropdown:
    return gr.Dropdown(
        [(say("as_left"), "")],
        value="",
        label=say("layer" if name == "layer" else "head"),
        elem_id=f"right-{name}",
        elem_classes="label-beside",
        min_width=230,
        allow_custom_value=True,  # our own check answers a foreign number in a sentence
    )


def _box(name: str) -> gr.Textbox:
    return gr.Textbox(
        "",
        label=say("text" if name == "text" else "edits"),
        placeholder=say("text_example" if name == "text" else "edits_example"),
        elem_id=f"right-{name}",
        elem_classes="label-beside",
        max_lines=1,
        scale=3,
        min_width=340,
    )


def _choices(n: int) -> gr.Dropdown:
    return gr.Dropdown(choices=[(say("as_left"), ""), *((str(number), str(number)) for number in range(n))])


def _pattern(name: str) -> gr.HTML:
    with gr.Column(min_width=300):
        return matrix(f"pair-{name}", GROUP)


def _pattern_value(side: Side, title: str, origin: Origin | None, why: str = "") -> dict[str, Any]:
    return matrix_value(
        side.pattern,
        rows=Axis(attention("query"), side.labels),
        columns=Axis(attention("key"), side.labels),
        reading=attention("cell_reading"),
        label=title,
        title=title,
        blank="future" if side.causal else None,
        origin=origin,
        no_origin=why,
    )


def _difference_value(left: Side, right: Side) -> dict[str, Any]:
    found = difference_of(left, right)
    common: dict[str, Any] = {
        "rows": Axis(attention("query"), left.labels),
        "columns": Axis(attention("key"), left.labels),
        "reading": attention("cell_reading"),
        "scale": "diverging",
        "no_origin": say("no_origin_difference"),
    }
    if found is None:
        title, nothing = say("title_no_difference"), torch.full_like(left.pattern, torch.nan)
        return matrix_value(nothing, label=title, title=title, nothing=say("nothing"), **common)
    title = say("title_difference")
    blank: Literal["future"] | None = "future" if left.causal and right.causal else None
    return matrix_value(found, label=title, title=title, blank=blank, **common)
