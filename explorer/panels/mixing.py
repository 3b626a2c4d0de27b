"""Why a token row and a position row may be added: what is measured on the model on screen."""

from __future__ import annotations

from typing import Any

from explorer.answers.mixing import mixing_of, mixing_rows
from explorer.catalogue import catalogue
from explorer.page.wiring import TabContext
from explorer.store.traces import RunKey
from explorer.widgets.frame import frame, frame_value
from explorer.widgets.measures import measure_rows, measures

say = catalogue("lookup")


def build(ctx: TabContext) -> None:
    with frame("mixing-frame", name="why-adding-works") as figure:
        mixed = measures("mixing", tabular=True)

    def draw(run: RunKey) -> dict[Any, Any]:
        found, width = mixing_of(ctx.services, run.model), ctx.services.models.get(run.model).model.config.emb_dim
        rows = mixing_rows(found, width)
        return {
            mixed: measure_rows(rows, 1.0, say("mixing_told"), say("mixing_scale")),
            figure.bar: frame_value(say("mixing_title"), say("mixing_summary", width=width)),
        }

    ctx.draws(draw, [mixed, figure.bar])
