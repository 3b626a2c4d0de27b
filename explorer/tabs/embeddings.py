"""Embeddings: the numbers a token enters the model with, and which tokens and positions are alike."""

from __future__ import annotations

from typing import Any

import gradio as gr
import torch

from explorer.answers.embeddings import (
    SITES,
    lengths_in_words,
    likeness_of,
    sum_in_words,
    vectors_of,
)
from explorer.catalogue import catalogue
from explorer.page.intro import intro
from explorer.page.spec import TabSpec
from explorer.page.wiring import TabContext
from explorer.store.traces import RunKey
from explorer.widgets.curve import curve, curve_value
from explorer.widgets.frame import frame, frame_value
from explorer.widgets.matrix import Axis, Origin, matrix, matrix_value
from explorer.widgets.token_bars import bar_rows, token_bars
from explorer.wording.numbers import fixed

say = catalogue("embeddings")


def build(ctx: TabContext) -> None:
    intro(say)
    with frame("strips-frame", name="embeddings", main=True) as strips_frame:
        strips = matrix("embedding-strips")
    with gr.Row(equal_height=False):
        with gr.Column(min_width=320), frame("neighbours-frame", name="nearest-tokens") as tokens_frame:
            neighbours = token_bars("neighbours")
        with gr.Column(min_width=320), frame("positions-frame", name="positions") as positions_frame:
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

    def draw_likeness(run: RunKey, token: int) -> dict[Any, Any]:
        found, label = likeness_of(ctx.services, run, token), ctx.services.labels(run)[token]
        ids = [str(one.token_id) for one in found.tokens]
        shown = [fixed(value, 3) for value in found.cosines]
        about = say("neighbours_title", token=label.text, id=label.token_id)
        where = say("positions_title", position=token)
        return {
            tokens_frame.bar: frame_value(about, say("neighbours_summary", n=found.n_tokens)),
            neighbours: bar_rows(found.tokens, ids, found.cosines, shown, "", found.origins(label.token_id)),
            positions_frame.bar: frame_value(where, say("positions_summary")),
            positions: curve_value(
                found.positions,
                token,
                label=where,
                names=(say("shared_position"), say("cosine")),
                origin={"kind": "position_cosine", "index": [token]},
            ),
        }

    ctx.draws(draw_vectors, [strips, strips_frame.bar], follow=["token"])
    ctx.draws(draw_likeness, [neighbours, tokens_frame.bar, positions, positions_frame.bar], follow=["token"])


TAB = TabSpec(say("title"), 20, build)
