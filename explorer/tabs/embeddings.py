"""Embeddings: the numbers a token enters the model with, and which tokens and positions are alike."""

from __future__ import annotations

from typing import Any

import torch

from explorer.answers.embeddings import (
    SITES,
    lengths_in_words,
    position_likeness,
    sum_in_words,
    vectors_of,
)
from explorer.catalogue import catalogue
from explorer.page.intro import intro
from explorer.page.spec import TabSpec
from explorer.page.wiring import TabContext
from explorer.panels import vocabulary
from explorer.store.traces import RunKey
from explorer.widgets.curve import curve, curve_value
from explorer.widgets.frame import frame, frame_value
from explorer.widgets.matrix import Axis, Origin, matrix, matrix_value

say = catalogue("embeddings")


def build(ctx: TabContext) -> None:
    intro(say)
    vocabulary.build(ctx)
    with frame("strips-frame", name="embeddings") as strips_frame:
        strips = matrix("embedding-strips")
    with frame("positions-frame", name="positions") as positions_frame:
        positions = curve("position-likeness")

    def draw_vectors(run: RunKey, token: int) -> dict[Any, Any]:
        vectors, label = vectors_of(ctx.services, run, token), ctx.services.labels(run)[token]
        title = say("strips_title", token=label.text, id=label.token_id, position=token)
        value = matrix_value(
            torch.stack(list(vectors.values())),
            rows=Axis("", list(vectors)),
            columns=Axis(say("dimension")),
            reading=say("cell_reading"),
            label=title,
            scale="diverging",
            shape="strips",
            origin=[Origin(site, None, (token, "column")) for site in SITES],
        )
        told = f"{sum_in_words(vectors)} {lengths_in_words(vectors)}"
        return {strips: value, strips_frame.bar: frame_value(title, told)}

    def draw_positions(run: RunKey, token: int) -> dict[Any, Any]:
        where = say("positions_title", position=token)
        return {
            positions_frame.bar: frame_value(where, say("positions_summary")),
            positions: curve_value(
                position_likeness(ctx.services, run, token),
                token,
                label=where,
                names=(say("shared_position"), say("cosine")),
                origin={"kind": "position_cosine", "index": [token]},
            ),
        }

    ctx.draws(draw_vectors, [strips, strips_frame.bar], follow=["token"])
    ctx.draws(draw_positions, [positions, positions_frame.bar], follow=["token"])


TAB = TabSpec(say("title"), 20, build)
