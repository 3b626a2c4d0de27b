"""What enters the first block: the look-up of the token's row, the position's row added."""

from __future__ import annotations

from typing import Any

import gradio as gr
import torch

from explorer.answers.embeddings import SITES, lengths_in_words, sum_in_words, vectors_of
from explorer.answers.mixing import rows_around
from explorer.catalogue import catalogue
from explorer.page.wiring import TabContext
from explorer.store.traces import RunKey
from explorer.widgets.frame import frame, frame_value
from explorer.widgets.lookup import lookup, lookup_value
from explorer.widgets.matrix import Axis, Origin, matrix, matrix_value

say = catalogue("lookup")


def build(ctx: TabContext) -> None:
    with gr.Row(equal_height=False):
        with gr.Column(min_width=320, scale=2), frame("lookup-frame", name="look-up") as lookup_frame:
            looked_up = lookup("lookup")
        with gr.Column(min_width=320, scale=3), frame("strips-frame", name="embeddings") as strips_frame:
            strips = matrix("embedding-strips")

    def draw_lookup(run: RunKey, token: int) -> dict[Any, Any]:
        token_id = run.token_ids[token]
        labels, rows, picked, n = rows_around(ctx.services, run.model, token_id)
        title = say("frame_title", id=token_id, token=labels[picked].text)
        return {
            looked_up: lookup_value(labels, rows, picked, n),
            lookup_frame.bar: frame_value(title, say("frame_summary", others=n - 1, id=token_id)),
        }

    def draw_vectors(run: RunKey, token: int) -> dict[Any, Any]:
        vectors, label = vectors_of(ctx.services, run, token), ctx.services.labels(run)[token]
        title = say("strips_title", token=label.text, id=label.token_id, position=token)
        value = matrix_value(
            torch.stack(list(vectors.values())),
            rows=Axis("", list(vectors)),
            columns=Axis(say("shared_dimension")),
            reading=say("cell_reading"),
            label=title,
            scale="diverging",
            shape="strips",
            origin=[Origin(site, None, (token, "column")) for site in SITES],
        )
        told = f"{sum_in_words(vectors)} {lengths_in_words(vectors)}"
        return {strips: value, strips_frame.bar: frame_value(title, told)}

    ctx.draws(draw_lookup, [looked_up, lookup_frame.bar], follow=["token"])
    ctx.draws(draw_vectors, [strips, strips_frame.bar], follow=["token"])
