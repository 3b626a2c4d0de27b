"""Attention: every head at a glance, one of them large, and what the picked token looks at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gradio as gr
import pandas as pd
import plotly.graph_objects as go
from torch import Tensor

from explorer.catalogue import catalogue
from explorer.figures.attention import attention_heatmap
from explorer.page.links import flag
from explorer.page.spec import TabSpec
from explorer.page.tables import table_with_csv
from explorer.page.wiring import TabContext
from explorer.store.services import RunKey
from explorer.widgets.heads import MIRRORED, PICKED, head_grid, head_mosaic, pooling
from explorer.widgets.notice import info, notice_line
from explorer.widgets.token_bars import bar_rows, token_bars
from explorer.wording.text import TokenLabel
from gpt2core.patterns import without_first_token

say = catalogue("attention")
MOST_NAMED = 40  # tokens whose names all fit along an axis
MOST_IN_SUMMARY = 3


def build(ctx: TabContext) -> None:
    gr.Markdown(say("intro"))
    with gr.Row(equal_height=False):
        with gr.Column(min_width=320):
            gr.Markdown(say("overview"))
            overview = head_grid("head-overview")
            overview_note = notice_line("head-overview-note")
            hide_first = gr.Checkbox(False, label=say("hide_first"), info=say("hide_first_info"), elem_id="hide-first")
            reading = notice_line("attention-reading")
        with gr.Column(min_width=320):
            layer = gr.Radio([0], value=0, label=say("layer"), elem_id="layer", elem_classes="label-beside")
            head = gr.Radio([0], value=0, label=say("head"), elem_id="head", elem_classes="label-beside")
            heatmap = gr.Plot(show_label=False, elem_id="attention-heatmap", elem_classes="plot-square")
    looks_at = token_bars("looks-at")
    summary = notice_line("attention-summary")
    show_table = gr.Checkbox(False, label=say("show_table"), elem_id="attention-show-table")
    with gr.Column(visible=False) as table_panel:
        table = table_with_csv(say("table"), "attention")

    def pattern_of(run: RunKey, layer: int, head: int, hide_first: bool) -> Tensor:
        pattern = ctx.services.traces.get(run, {"pattern"})["pattern", layer][head]
        return without_first_token(pattern) if hide_first else pattern

    def draw_overview(run: RunKey) -> tuple[Any, Any, Any, Any]:
        patterns = ctx.services.traces.get(run, {"pattern"}).stacked("pattern")
        n_layers, n_heads = patterns.shape[:2]
        mosaic = head_mosaic(patterns, label=say("overview_label"), cell_label=say("cell"))
        return mosaic, overview_sentence(len(run.token_ids)), _choices(n_layers), _choices(n_heads)

    def draw(run: RunKey, token: int, layer: int, head: int, hide_first: bool) -> tuple[go.Figure, Any, Any, Any]:
        pattern, labels = pattern_of(run, layer, head, hide_first), ctx.services.labels(run)
        title = say("heatmap_title_altered" if hide_first else "heatmap_title", layer=layer, head=head)
        texts = [label.text for label in labels]
        figure = attention_heatmap(pattern, texts, title=title, query=token, first_hidden=hide_first)
        told = summary_sentence(pattern[token], texts, layer, head, token, hide_first)
        return (
            figure,
            looks_at_rows(pattern[token], labels, token, hide_first),
            info(told),
            reading_sentence(len(labels)),
        )

    def fill(run: RunKey, layer: int, head: int, hide_first: bool, shown: bool) -> tuple[Any, Any]:
        if not shown:
            return gr.Column(visible=False), gr.skip()
        pattern = pattern_of(run, layer, head, hide_first)
        return gr.Column(visible=True), pattern_table(pattern, [label.text for label in ctx.services.labels(run)])

    ctx.draws(draw_overview, [overview, overview_note, layer, head])
    ctx.draws(draw, [heatmap, looks_at, summary, reading], follow=["token", "layer", "head"], controls=[hide_first])
    ctx.draws(fill, [table_panel, table], follow=["layer", "head"], controls=[hide_first, show_table])
    ctx.picks_together(PICKED, overview.pick, overview)
    ctx.picks("layer", layer.input, layer, "value")
    ctx.picks("head", head.input, head, "value")
    ctx.mirrors(overview, MIRRORED)
    ctx.mirrors(layer, "cursor.layer")
    ctx.mirrors(head, "cursor.head")
    ctx.linked(hide_first, "hide_first", flag)


def _choices(n: int) -> Any:
    return gr.Radio(choices=list(range(n)))


def overview_sentence(n_tokens: int) -> dict[str, Any]:
    """How many weights one dot of the overview stands for."""
    factor = pooling(n_tokens)
    return info(say("not_pooled") if factor == 1 else say("pooled", n=factor))


def reading_sentence(n_tokens: int) -> dict[str, Any]:
    """How to read the heatmap, and that its axes cannot name every token, where that is so."""
    thinned = say("thinned", n=n_tokens) if n_tokens > MOST_NAMED else ""
    return info(" ".join(filter(None, (say("reading"), thinned, say("caution")))))


def looks_at_rows(weights: Tensor, labels: Sequence[TokenLabel], token: int, hide_first: bool) -> dict[str, Any]:
    """The tokens that `token` can look at, in the sentence's order, with its weights [T]."""
    seen = range(1 if hide_first else 0, token + 1)
    values = [float(weights[position]) for position in seen]
    caption = say("list_caption_altered" if hide_first else "list_caption", position=token, token=labels[token].text)
    return bar_rows(
        [labels[position] for position in seen],
        [str(position) for position in seen],
        values,
        [percent(value) for value in values],
        caption,
    )


def percent(weight: float) -> str:
    """A weight as a person reads it; what is above 0 never reads as 0."""
    return say("hardly") if 0 < weight < 0.0005 else say("percent", percent=100 * weight)


def summary_sentence(weights: Tensor, texts: Sequence[str], layer: int, head: int, token: int, hide_first: bool) -> str:
    """The figure in words: where `token` looks most, by its weights [T]."""
    where = {"layer": layer, "head": head, "token": texts[token], "position": token}
    visible = int((weights > 0).sum())
    if visible == 0:
        return say("summary_nothing", **where)
    order = weights[: token + 1].argsort(descending=True, stable=True)[: min(MOST_IN_SUMMARY, visible)].tolist()
    most = ", ".join(
        say("most", token=texts[position], position=position, percent=100 * float(weights[position]))
        for position in order
    )
    n_rest = token + 1 - len(order) - hide_first
    left = 100 * max(0.0, 1.0 - float(weights[order].sum()))
    rest = "" if n_rest == 0 else say("rest_one" if n_rest == 1 else "rest", n=n_rest, percent=left)
    return say("summary_altered" if hide_first else "summary", **where, most=most, rest=rest)


def pattern_table(pattern: Tensor, texts: Sequence[str]) -> pd.DataFrame:
    """[T, T] as a table: a row a query, a column a key; the future is empty."""
    names = [f"{position} {text}" for position, text in enumerate(texts)]
    rows = [
        {names[key]: round(float(pattern[query, key]), 4) if key <= query else None for key in range(len(names))}
        for query in range(len(names))
    ]
    table = pd.DataFrame(rows, columns=names, dtype=object)
    table.insert(0, say("column_query"), names)
    return table


TAB = TabSpec(say("title"), 30, build)
