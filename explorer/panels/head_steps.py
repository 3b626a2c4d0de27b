"""One head step by step: what enters, query and key, their match, the mask, the shares, what is gathered, and what is written."""

from __future__ import annotations

from typing import Any

import gradio as gr

from explorer.answers.head_steps import SCOPES, STEPS, StepPicture, checked_step, step_of
from explorer.catalogue import catalogue
from explorer.page.events import QUICK
from explorer.page.links import number_between, one_of
from explorer.page.wiring import TabContext
from explorer.store.traces import RunKey
from explorer.widgets.frame import frame, frame_value
from explorer.widgets.matrix import Axis, Origin, matrix, matrix_value
from explorer.widgets.source_lines import source_lines, source_value
from explorer.widgets.steps import step_asked, steps

say = catalogue("head_steps")

# In the browser: the cell that was clicked in the large picture is the pair whose steps are shown.
_PAIR_PICKED = (
    "(step, picture) => Number.isInteger(picture.column) ? { ...step, key: picture.column } : { ...step, key: null }"
)


def build(ctx: TabContext, heatmap: gr.HTML) -> None:
    """heatmap: the matrix of a head, whose cells choose a pair of tokens."""
    names = [say(f"{name}_name") for name in STEPS]
    with frame("head-steps-frame", name="head-step") as figure:
        with gr.Row(equal_height=True):
            stepper = steps("head-steps", names, "head_step")
        with gr.Row(equal_height=False):
            with gr.Column(scale=7, min_width=320):
                strips = matrix("step-strips")
            with gr.Column(scale=4, min_width=280):
                scope = gr.Radio(
                    [(say(f"scope_{name}"), name) for name in SCOPES],
                    value=SCOPES[0],
                    label=say("scope"),
                    elem_id="step-scope",
                    elem_classes="label-beside",
                )
                gr.Markdown(say("choose"))
                code = source_lines("step-code")

    def draw(run: RunKey, token: int, layer: int, head: int, asked: Any, scope: Any) -> dict[Any, Any]:
        step, key = step_asked(asked)
        found = step_of(ctx.services, run, token, layer, head, checked_step(step), scope, key)
        return {
            strips: _picture(found),
            figure.bar: frame_value(found.title, found.told),
            code: source_value(found.shape, found.code),
        }

    ctx.draws(draw, [strips, figure.bar, code], follow=["token", "layer", "head"], controls=[stepper, scope])
    ctx.linked(None, "head_step", number_between(1, len(STEPS), whole=True), 1)
    ctx.linked(scope, "head_scope", one_of(SCOPES))
    heatmap.pick(None, [stepper, heatmap], stepper, js=_PAIR_PICKED, **QUICK)


def _picture(found: StepPicture) -> dict[str, Any]:
    n_rows = len(found.values)
    return matrix_value(
        found.values,
        rows=Axis(found.rows.name, found.rows.labels),
        columns=Axis(found.columns.name, found.columns.labels),
        reading=say("reading"),
        label=found.title,
        scale="diverging" if found.number == "signed" else "sequential",
        number=found.number,
        shape="strips" if n_rows < 8 else "square",
        origin=[None if one is None else Origin(one.site, one.layer, one.index) for one in found.origins],
        no_origin="" if all(found.origins) else say("no_origin"),
        nothing=say("masked_cell"),
    )
