"""A token's vectors as strips, and how alike positions are. C model width, P positions."""

from __future__ import annotations

from collections.abc import Mapping

import plotly.graph_objects as go
import torch
from torch import Tensor

from explorer.catalogue import catalogue
from explorer.figures.frame import RULE, colour_bar, frame
from explorer.page.theme import ACCENT, DIVERGING

say = catalogue("embeddings")


def vector_strips(vectors: Mapping[str, Tensor], *, title: str) -> go.Figure:
    """Vectors [C] by name, one strip each from the top, all C numbers; one colour range, symmetric around 0, for them all."""
    values = torch.stack(list(vectors.values()))  # [strips, C]
    largest = float(values.abs().max()) or 1.0
    heatmap = go.Heatmap(
        z=values.numpy(),
        y=list(vectors),
        ygap=8,
        zmin=-largest,
        zmax=largest,
        colorscale=DIVERGING,
        hovertemplate=f"%{{y}}<br>{say('dimension')} %{{x}}: %{{z:.5f}}<extra></extra>",
        colorbar=colour_bar(say("value")),
    )
    dimensions = say("dimensions", last=f"{values.size(1) - 1:,}")
    layout = frame(
        title,
        x={"title": {"text": dimensions}, "showgrid": False, "zeroline": False},
        y={"autorange": "reversed", "showgrid": False, "ticks": ""},
    )
    return go.Figure(heatmap, layout)


def position_likeness(likeness: Tensor, position: int, *, title: str) -> go.Figure:
    """Cosine of one position's row with every position's row [P]; the range fixed at -1..1, the position itself marked."""
    line = go.Scatter(
        y=likeness.numpy(),
        mode="lines",
        line={"color": ACCENT, "width": 2},
        hovertemplate=f"{say('position')} %{{x}}: {say('cosine')} %{{y:.3f}}<extra></extra>",
    )
    mark = go.Scatter(
        x=[position],
        y=[float(likeness[position])],
        mode="markers",
        marker={"size": 12, "color": ACCENT, "symbol": "diamond"},
        hovertemplate=f"{say('position')} %{{x}}<extra></extra>",
    )
    layout = frame(
        title,
        x={"title": {"text": say("position")}, "showgrid": False, "zeroline": False},
        y={"title": {"text": say("cosine")}, "range": [-1.05, 1.05], "gridcolor": RULE, "griddash": "dot"},
        showlegend=False,
    )
    return go.Figure([line, mark], layout)
