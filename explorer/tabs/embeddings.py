"""Embeddings: the numbers a token enters the model with, and which tokens and positions are alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gradio as gr
import pandas as pd
from torch import Tensor

from explorer.catalogue import catalogue
from explorer.figures.embeddings import position_likeness, vector_strips
from explorer.page.spec import TabSpec
from explorer.page.tables import table_with_csv
from explorer.page.wiring import TabContext
from explorer.store.services import RunKey
from explorer.widgets.notice import info, notice_line
from explorer.widgets.token_bars import bar_rows, token_bars
from explorer.wording.text import TokenLabel, plotly_text, token_labels
from gpt2core.embeddings import cosines, nearest_tokens

say = catalogue("embeddings")
SITES = {"tok_emb": "token_row", "pos_emb": "position_row", "embed": "sum_row"}
N_NEIGHBOURS = 12
MOST_IN_SUMMARY = 3


def build(ctx: TabContext) -> None:
    gr.Markdown(say("intro"))
    strips = gr.Plot(show_label=False, elem_id="embedding-strips", elem_classes="plot-strips")
    words = notice_line("embedding-words")
    lengths = notice_line("embedding-lengths")
    with gr.Row(equal_height=False):
        with gr.Column(min_width=320):
            gr.Markdown(say("neighbours"))
            neighbours = token_bars("neighbours")
            summary = notice_line("embedding-summary")
        with gr.Column(min_width=320):
            gr.Markdown(say("positions"))
            positions = gr.Plot(show_label=False, elem_id="position-likeness", elem_classes="plot-small")
    with gr.Accordion(say("table"), open=False):
        table = table_with_csv(say("table"), "embeddings")

    def vectors_of(run: RunKey, token: int) -> dict[str, Tensor]:
        trace = ctx.services.traces.get(run, SITES)
        return {say(name): trace[site][token] for site, name in SITES.items()}

    def draw_vectors(run: RunKey, token: int) -> tuple[Any, Any, Any, pd.DataFrame]:
        vectors, label = vectors_of(run, token), ctx.services.labels(run)[token]
        title = say("strips_title", token=plotly_text(label.text), id=label.token_id, position=token)
        figure = vector_strips(vectors, title=title)
        return figure, info(sum_in_words(vectors)), info(lengths_in_words(vectors)), vector_table(vectors)

    def draw_likeness(run: RunKey, token: int) -> tuple[Any, Any, Any]:
        pretrained = ctx.services.models.get(run.model)
        label = ctx.services.labels(run)[token]
        embedding_table = pretrained.model.tok_emb.weight
        ids, values = nearest_tokens(embedding_table, label.token_id, N_NEIGHBOURS)
        nearest = token_labels(ids.tolist(), ctx.services.models.tokenizer(run.model))
        likeness = cosines(pretrained.model.pos_emb.weight, token)
        figure = position_likeness(likeness, token, title=say("positions_title", position=token, n=len(likeness)))
        caption = say("neighbours_caption", token=label.text, id=label.token_id, n=len(embedding_table))
        return neighbour_rows(nearest, values, caption), info(summary_sentence(label, token, nearest, values)), figure

    ctx.draws(draw_vectors, [strips, words, lengths, table], follow=["token"])
    ctx.draws(draw_likeness, [neighbours, summary, positions], follow=["token"])


def sum_in_words(vectors: Mapping[str, Tensor]) -> str:
    """Token row + position row = sum, with the real numbers of the dimension where the sum is farthest from 0."""
    token_row, position_row, total = vectors.values()
    dimension = int(total.abs().argmax())
    added = float(position_row[dimension])
    return say(
        "in_words",
        dimension=dimension,
        token_value=signed(float(token_row[dimension])),
        sign="−" if added < 0 else "+",
        position_value=signed(abs(added)),
        sum_value=signed(float(total[dimension])),
    )


def lengths_in_words(vectors: Mapping[str, Tensor]) -> str:
    token_row, position_row, total = vectors.values()
    return say(
        "lengths",
        token_length=float(token_row.norm()),
        position_length=float(position_row.norm()),
        sum_length=float(total.norm()),
        n=f"{len(total):,}",
    )


def signed(value: float, digits: int = 4) -> str:
    """With a minus sign, not a hyphen."""
    return f"{value:.{digits}f}".replace("-", "−")


def neighbour_rows(nearest: list[TokenLabel], values: Tensor, caption: str) -> dict[str, Any]:
    """The nearest tokens with their cosines, for the bars."""
    return bar_rows(
        nearest,
        [str(one.token_id) for one in nearest],
        values.tolist(),
        [signed(value, 3) for value in values.tolist()],
        caption,
    )


def summary_sentence(label: TokenLabel, position: int, nearest: list[TokenLabel], values: Tensor) -> str:
    closest = ", ".join(
        say("closest", token=one.text, cosine=signed(value, 2))
        for one, value in list(zip(nearest, values.tolist(), strict=True))[:MOST_IN_SUMMARY]
    )
    return say("summary", token=label.text, id=label.token_id, position=position, closest=closest)


def vector_table(vectors: Mapping[str, Tensor]) -> pd.DataFrame:
    """All C numbers of each vector, one row a dimension."""
    columns = {name: vector.tolist() for name, vector in vectors.items()}
    n_dimensions = len(next(iter(columns.values())))
    return pd.DataFrame({say("column_dimension"): range(n_dimensions), **columns})


TAB = TabSpec(say("title"), 20, build)
