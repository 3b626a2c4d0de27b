"""How alike positions are. P positions."""

from __future__ import annotations

import plotly.graph_objects as go
from torch import Tensor

from explorer.catalogue import catalogue
from explorer.figures.frame import RULE, frame
from explorer.page.theme import ACCENT

say = catalogue("embeddings")


def position_likeness(likeness: Tensor, position: int) -> go.Figure:
    """Cosine of one position's row with every position's row [P]; the range fixed at -1..1, the position itself marked."""
    line = go.Scatter(
        y=likeness.numpy(),
        mode="lines",
        line={"color": ACCENT, "width": 2},
        hovertemplate=f"{say('shared_position')} %{{x}}: {say('cosine')} %{{y:.3f}}<extra></extra>",
    )
    mark = go.Scatter(
        x=[position],
        y=[float(likeness[position])],
        mode="markers",
        marker={"size": 12, "color": ACCENT, "symbol": "diamond"},
        hovertemplate=f"{say('shared_position')} %{{x}}<extra></extra>",
    )
    layout = frame(
        "",
        x={"title": {"text": say("shared_position")}, "showgrid": False, "zeroline": False},
        y={"title": {"text": say("cosine")}, "range": [-1.05, 1.05], "gridcolor": RULE, "griddash": "dot"},
        showlegend=False,
    )
    return go.Figure([line, mark], layout)
