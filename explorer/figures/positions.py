"""How positions run along the principal components of their table. P positions."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go
from torch import Tensor

from explorer.catalogue import catalogue
from explorer.figures.frame import RULE, frame
from explorer.page.theme import KEY, OUTPUT, QUERY, REPEAT, VALUE

say = catalogue("positions")

_COLOURS = (QUERY, KEY, VALUE, OUTPUT, REPEAT, RULE)
_DASHES = ("solid", "solid", "dash", "dash", "dot", "dot")


def component_curves(curves: Tensor, shares: Sequence[float]) -> go.Figure:
    """A line for each of curves [n, P]; shares: of the variance, 0..1."""
    positions = list(range(curves.size(1)))
    lines = [
        go.Scatter(
            x=positions,
            y=curve.numpy(),
            name=say("shared_component_share", n=place + 1, share=100 * share),
            mode="lines",
            line={"color": _COLOURS[place % len(_COLOURS)], "dash": _DASHES[place % len(_DASHES)], "width": 2},
            hovertemplate="%{x}: %{y:.3f}<extra></extra>",
        )
        for place, (curve, share) in enumerate(zip(curves, shares, strict=True))
    ]
    layout = frame(
        "",
        x={"title": {"text": say("shared_position")}, "showgrid": False, "zeroline": False},
        y={"title": {"text": say("along")}, "gridcolor": RULE, "griddash": "dot"},
        legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0, "bgcolor": "rgba(0,0,0,0)"},
        showlegend=True,
    )
    return go.Figure(lines, layout)
