"""A logit as it builds up along the stream."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from explorer.catalogue import catalogue
from explorer.figures.frame import RULE, frame
from explorer.page.theme import KEY, OUTPUT, QUERY

say = catalogue("block")


def logit_waterfall(names: Sequence[str], values: Sequence[float]) -> go.Figure:
    """A bar for each value, beginning where the one before ended, and their sum as the last bar."""
    bars = go.Waterfall(
        x=[*names, say("step_sum")],
        y=[*values, 0.0],
        measure=[*("relative" for _ in values), "total"],
        increasing={"marker": {"color": QUERY}},
        decreasing={"marker": {"color": KEY}},
        totals={"marker": {"color": OUTPUT}},
        connector={"line": {"color": RULE, "width": 1}},
        text=[*(f"{value:+.1f}" for value in values), f"{sum(values):.1f}"],
        textposition="outside",
        cliponaxis=False,
        hovertemplate="%{x}: %{delta:+.4f} → %{final:.4f}<extra></extra>",
    )
    return go.Figure(
        bars,
        frame(
            "",
            names_below=True,
            x={"showgrid": False},
            y={"title": {"text": say("step_axis")}, "gridcolor": RULE, "griddash": "dot"},
            showlegend=False,
        ),
    )
