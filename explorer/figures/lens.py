"""How the shares of tokens go along the places of the stream. P places."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go
from torch import Tensor

from explorer.catalogue import catalogue
from explorer.figures.frame import RULE, frame
from explorer.page.theme import KEY, OUTPUT, QUERY, REPEAT, TOKEN_INK, VALUE
from explorer.wording.text import plotly_text

say = catalogue("block")

_COLOURS = (QUERY, KEY, VALUE, OUTPUT, REPEAT, RULE)
_SYMBOLS = ("circle", "square", "diamond", "triangle-up", "x", "star")
_DASHES = ("solid", "dash", "dot", "dashdot", "longdash")


def share_curves(
    tokens: Sequence[str], positions: Sequence[str], shares: Sequence[Tensor], places: Sequence[str]
) -> go.Figure:
    """A line for each of shares [P], 0..1: of tokens[i] at positions[i]. Colour and mark tell the token, the dash the position."""
    all_tokens, all_positions = list(dict.fromkeys(tokens)), list(dict.fromkeys(positions))
    lines = []
    for token, position, share in zip(tokens, positions, shares, strict=True):
        which = all_tokens.index(token) % len(_COLOURS)
        several = len(all_positions) > 1
        name = say("curve_at", token=token, at=position) if several else token
        lines.append(
            go.Scatter(
                x=list(range(len(places))),
                y=share.numpy(),
                name=plotly_text(name),
                mode="lines+markers",
                line={
                    "color": _COLOURS[which],
                    "dash": _DASHES[all_positions.index(position) % len(_DASHES)],
                    "width": 2,
                },
                marker={"symbol": _SYMBOLS[which], "size": 8, "line": {"width": 1, "color": TOKEN_INK}},
                customdata=list(places),
                hovertemplate="%{customdata}: %{y:.2%}<extra></extra>",
            )
        )
    layout = frame(
        "",
        names_below=True,
        x={"tickvals": list(range(len(places))), "ticktext": list(places), "showgrid": False, "zeroline": False},
        y={
            "title": {"text": say("shared_probability")},
            "range": [-0.02, 1.02],
            "tickformat": ".0%",
            "gridcolor": RULE,
            "griddash": "dot",
        },
        legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0, "bgcolor": "rgba(0,0,0,0)"},
        showlegend=True,
    )
    return go.Figure(lines, layout)
