"""The ways of one word through the layers, in several sentences, on one plane. S sentences, L layers."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go
from torch import Tensor

from explorer.catalogue import catalogue
from explorer.figures.frame import RULE, frame
from explorer.page.theme import KEY, QUERY, VALUE
from explorer.wording.text import plotly_text

say = catalogue("context")

_COLOURS = (QUERY, KEY, VALUE)
_SYMBOLS = ("circle", "square", "diamond")


def word_paths(places: Tensor, stages: Sequence[str], shares: tuple[float, float]) -> go.Figure:
    """places [S, L + 1, 2]; the first stage is an open mark, and every place is numbered by its layer."""
    lines = []
    for number, path in enumerate(places):
        last = len(path) - 1
        lines.append(
            go.Scatter(
                x=path[:, 0].numpy(),
                y=path[:, 1].numpy(),
                name=plotly_text(say("path_name", n=number + 1)),
                mode="lines+markers+text",
                text=["", *(str(layer) for layer in range(last))],
                textposition="top center",
                line={"color": _COLOURS[number % len(_COLOURS)], "width": 2},
                marker={
                    "symbol": [f"{_SYMBOLS[number % len(_SYMBOLS)]}-open", *[_SYMBOLS[number % len(_SYMBOLS)]] * last],
                    "size": [13, *[8] * (last - 1), 13][: len(path)],
                    "line": {"width": 2},
                },
                customdata=list(stages),
                hovertemplate="%{customdata}<extra></extra>",
            )
        )
    axis = {"gridcolor": RULE, "griddash": "dot", "zeroline": False, "showticklabels": False}
    layout = frame(
        "",
        x={**axis, "title": {"text": say("shared_component_share", n=1, share=100 * shares[0])}},
        y={**axis, "title": {"text": say("shared_component_share", n=2, share=100 * shares[1])}},
        legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0, "bgcolor": "rgba(0,0,0,0)"},
        showlegend=True,
    )
    return go.Figure(lines, layout)
