"""Every attention head in small, in the model's order or in that of what it does."""

from __future__ import annotations

from typing import Any

import gradio as gr

from explorer.answers.attention import habit_kinds, habit_table, patterns_of
from explorer.answers.roles import roles_of
from explorer.catalogue import catalogue
from explorer.page.links import flag, number_between, one_of
from explorer.page.wiring import TabContext
from explorer.store.traces import RunKey
from explorer.widgets.exchange import answered, asked_of, exchange
from explorer.widgets.frame import Cell, frame, frame_value, table_value
from explorer.widgets.heads import MIRRORED, head_grid, head_mosaic, pooling
from gpt2core.roles import ROLES

say = catalogue("attention")
ROLES_NAME = "head-roles"


def build(ctx: TabContext) -> gr.Checkbox:
    """The control that hides the first token."""
    with frame("heads-frame", name="attention-heads") as figure:
        overview = head_grid("head-overview", ROLES_NAME)
        hide_first = gr.Checkbox(False, label=say("hide_first"), info=say("hide_first_info"), elem_id="hide-first")
    roles = exchange(ROLES_NAME)

    def draw(run: RunKey, hide_first: bool) -> dict[Any, Any]:
        patterns = patterns_of(ctx.services, run, hide_first)
        n_layers, n_heads = patterns.shape[:2]
        factor = pooling(len(run.token_ids))
        said = say("not_pooled") if factor == 1 else say("pooled", n=factor)
        mosaic = head_mosaic(
            patterns,
            run=run.to_json(),
            label=say("overview_label"),
            cell_label=say("cell"),
            no_origin=say("no_origin") if hide_first else "",
        )
        title = say("overview_title", n=n_layers * n_heads)
        return {overview: mosaic, figure.bar: frame_value(title, f"{say('overview_summary')} {said}")}

    def habits(run: RunKey, hide_first: bool) -> Any:
        kinds = {} if hide_first else habit_kinds(len(run.token_ids))
        place = {"layer": Cell(say("shared_layer")), "index": [Cell(say("shared_head"))]}
        origins = {column: {"kind": kind, **place} for column, kind in kinds.items()}
        return table_value(habit_table(patterns_of(ctx.services, run, hide_first)), origins)

    def answer(run: RunKey, value: Any) -> dict[Any, Any]:
        wanted = asked_of(value).get("roles") is True
        return {roles: answered(roles_of(ctx.services, run) if wanted else {})}

    ctx.draws(draw, [overview, figure.bar], controls=[hide_first])
    ctx.draws(answer, roles, controls=[roles])
    ctx.draws(habits, figure.table, controls=[hide_first], when=figure.bar)
    ctx.mirrors(overview, MIRRORED)
    ctx.linked(hide_first, "hide_first", flag)
    ctx.linked(None, "heads_by", one_of(ROLES), "")
    ctx.linked(None, "heads_least", number_between(0, 100, whole=True), 0)
    return hide_first
