"""One attention head as a heatmap. T tokens."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go
from torch import Tensor

from explorer.catalogue import catalogue
from explorer.figures.frame import colour_bar, frame, short
from explorer.page.theme import SEQUENTIAL
from explorer.wording.text import plotly_text

say = catalogue("attention")


def attention_heatmap(
    pattern: Tensor, labels: Sequence[str], *, title: str, query: int, first_hidden: bool = False
) -> go.Figure:
    """One head's pattern [T, T], rows sum to 1; colour range fixed at 0..1, so that any two figures compare.

    labels: the tokens as shown, plain text. query: the row that is marked. Cells without a weight are empty, not 0: the
    future of each query, and the first key where it is hidden (patterns.without_first_token).
    """
    names = position_labels(labels)
    weights = pattern.masked_fill(pattern.new_ones(pattern.shape).triu(1).bool(), math.nan)
    if first_hidden:
        weights[:, 0] = math.nan
    heatmap = go.Heatmap(
        z=weights.numpy(),
        x=names,
        y=names,
        zmin=0.0,
        zmax=1.0,
        colorscale=SEQUENTIAL,
        hoverongaps=False,
        hovertemplate=f"{say('from')} %{{y}}<br>{say('at')} %{{x}}<br>%{{z:.2%}}<extra></extra>",
        colorbar={
            **colour_bar(say("weight_altered" if first_hidden else "weight")),
            "tickformat": ".0%",
            "tickvals": [0, 0.25, 0.5, 0.75, 1],
        },
    )
    # Categories, numbered so that equal tokens stay apart: plotly leaves out labels that have no room, and zooming brings them back.
    axis = {"type": "category", "constrain": "domain", "showgrid": False}
    layout = frame(
        title,
        x={**axis, "title": {"text": say("key")}, "tickangle": -90},
        y={**axis, "title": {"text": say("query")}, "autorange": "reversed", "scaleanchor": "x"},
        # seen on every colour of the scale and on both themes
        shapes=[_row_frame(query, len(labels), 5, "#000000"), _row_frame(query, len(labels), 2, "#ffffff")],
    )
    return go.Figure(heatmap, layout)


def _row_frame(query: int, n_tokens: int, width: int, colour: str) -> dict[str, Any]:
    corners = {"x0": -0.5, "x1": n_tokens - 0.5, "y0": query - 0.5, "y1": query + 0.5}
    return {"type": "rect", **corners, "line": {"width": width, "color": colour}}


def position_labels(labels: Sequence[str]) -> list[str]:
    """Axis labels in plotly's text: "3 ·was", each one different."""
    return [plotly_text(f"{position} {short(label)}") for position, label in enumerate(labels)]
