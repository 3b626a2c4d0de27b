"""One attention head as a heatmap. T tokens."""

from __future__ import annotations

import math
from collections.abc import Sequence

import plotly.graph_objects as go
from torch import Tensor

from explorer.catalogue import catalogue
from explorer.figures.frame import colour_bar, framed, short
from explorer.text import plotly_text
from explorer.theme import SEQUENTIAL

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
    figure = go.Figure(
        go.Heatmap(
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
    )
    framed(figure, title)
    # Categories, numbered so that equal tokens stay apart: plotly leaves out the labels that have no room, and zooming brings them back.
    figure.update_xaxes(type="category", title=say("key"), tickangle=-90, constrain="domain", showgrid=False)
    figure.update_yaxes(
        type="category",
        title=say("query"),
        autorange="reversed",
        scaleanchor="x",
        constrain="domain",
        showgrid=False,
    )
    for width, colour in ((5, "#000000"), (2, "#ffffff")):  # seen on every colour of the scale and on both themes
        figure.add_shape(
            type="rect",
            x0=-0.5,
            x1=len(labels) - 0.5,
            y0=query - 0.5,
            y1=query + 0.5,
            line={"width": width, "color": colour},
        )
    return figure


def position_labels(labels: Sequence[str]) -> list[str]:
    """Axis labels in plotly's text: "3 ·was", each one different."""
    return [plotly_text(f"{position} {short(label)}") for position, label in enumerate(labels)]
