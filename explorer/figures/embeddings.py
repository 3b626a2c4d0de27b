"""A token's vectors as strips, and how alike positions are. C model width, P positions."""

from __future__ import annotations

from collections.abc import Mapping

import plotly.graph_objects as go
import torch
from torch import Tensor

from explorer.catalogue import catalogue
from explorer.figures.frame import RULE, colour_bar, framed
from explorer.theme import ACCENT, DIVERGING

say = catalogue("embeddings")


def vector_strips(vectors: Mapping[str, Tensor], *, title: str) -> go.Figure:
    """Vectors [C] by name, one strip each from the top, all C numbers; one colour range, symmetric around 0, for them all."""
    values = torch.stack(list(vectors.values()))  # [strips, C]
    largest = float(values.abs().max()) or 1.0
    figure = go.Figure(
        go.Heatmap(
            z=values.numpy(),
            y=list(vectors),
            ygap=8,
            zmin=-largest,
            zmax=largest,
            colorscale=DIVERGING,
            hovertemplate=f"%{{y}}<br>{say('dimension')} %{{x}}: %{{z:.5f}}<extra></extra>",
            colorbar=colour_bar(say("value")),
        )
    )
    framed(figure, title)
    figure.update_xaxes(title=say("dimensions", last=f"{values.size(1) - 1:,}"), showgrid=False, zeroline=False)
    figure.update_yaxes(autorange="reversed", showgrid=False, ticks="")
    return figure


def position_likeness(likeness: Tensor, position: int, *, title: str) -> go.Figure:
    """Cosine of one position's row with every position's row [P]; the range fixed at -1..1, the position itself marked."""
    figure = go.Figure(
        go.Scatter(
            y=likeness.numpy(),
            mode="lines",
            line={"color": ACCENT, "width": 2},
            hovertemplate=f"{say('position')} %{{x}}: {say('cosine')} %{{y:.3f}}<extra></extra>",
        )
    )
    framed(figure, title)
    figure.add_scatter(
        x=[position],
        y=[float(likeness[position])],
        mode="markers",
        marker={"size": 12, "color": ACCENT, "symbol": "diamond"},
        hovertemplate=f"{say('position')} %{{x}}<extra></extra>",
    )
    figure.update_layout(showlegend=False)
    figure.update_xaxes(title=say("position"), gridcolor=RULE, showgrid=False, zeroline=False)
    figure.update_yaxes(title=say("cosine"), range=[-1.05, 1.05], gridcolor=RULE, griddash="dot", zeroline=True)
    return figure
