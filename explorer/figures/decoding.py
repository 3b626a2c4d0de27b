"""How long one more token takes, with what was read before kept and without."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from explorer.catalogue import catalogue
from explorer.figures.frame import RULE, frame
from explorer.page.theme import KEY, QUERY

say = catalogue("generation")


def decoding_lines(n_tokens: Sequence[int], cached_ms: Sequence[float], recomputed_ms: Sequence[float]) -> go.Figure:
    """Milliseconds a token over the length of the text, from 0 on; two lines, told apart by dash and mark as well."""
    lines = [
        _line(n_tokens, recomputed_ms, say("without_cache"), KEY, "dash", "square"),
        _line(n_tokens, cached_ms, say("with_cache"), QUERY, "solid", "circle"),
    ]
    layout = frame(
        "",
        x={"title": {"text": say("axis_tokens")}, "showgrid": False, "zeroline": False},
        y={"title": {"text": say("axis_ms")}, "rangemode": "tozero", "gridcolor": RULE, "griddash": "dot"},
        legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0, "bgcolor": "rgba(0,0,0,0)"},
    )
    return go.Figure(lines, layout)


def _line(x: Sequence[int], y: Sequence[float], name: str, colour: str, dash: str, symbol: str) -> go.Scatter:
    return go.Scatter(
        x=list(x),
        y=list(y),
        name=name,
        mode="lines+markers",
        line={"color": colour, "dash": dash, "width": 2},
        marker={"symbol": symbol, "size": 6},
        hovertemplate=f"%{{x}} {say('shared_tokens')}: %{{y:.2f}} ms<extra></extra>",
    )
