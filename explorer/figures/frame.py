"""What every plotly figure here shares: one size of type, room for long labels, few buttons.

Saved pictures are dark ink on white. On the page theme.css() makes the paper transparent and the ink that of the theme.
"""

from __future__ import annotations

from typing import Any

from explorer.page.theme import PRINT_INK, PRINT_PAPER, SANS

RULE = "#8a909c"
_BUTTONS_LEFT_OUT = ["pan2d", "select2d", "lasso2d", "zoomIn2d", "zoomOut2d", "autoScale2d"]
MOST_LABEL_CHARACTERS = 16
LEFT, BELOW = 72, 56  # pixels: numbers and the axis' title


def frame(
    title: str, *, x: dict[str, Any], y: dict[str, Any], names_below: bool = False, **more: Any
) -> dict[str, Any]:
    """A layout to give to go.Figure whole: plotly's update_ methods take ten times as long (22 and 3 ms a heatmap).

    title: plotly text (escape tokens with text.plotly_text). x, y: the axes. names_below: the x axis has words, which turn where there is
    little room: plotly then measures and lays out all of it twice. Numbers fit into margins that are always the same.
    """
    axis = {"linecolor": RULE, "tickcolor": RULE, "zerolinecolor": RULE}
    return {
        "template": "none",
        "title": {"text": title, "x": 0, "xanchor": "left", "pad": {"l": 8}, "font": {"size": 17}},
        "font": {"size": 14, "color": PRINT_INK, "family": ", ".join(SANS)},
        "paper_bgcolor": PRINT_PAPER,
        "plot_bgcolor": "rgba(0,0,0,0)",
        "margin": {"l": LEFT, "r": 24, "t": 64, "b": 10 if names_below else BELOW},
        "modebar": {"remove": _BUTTONS_LEFT_OUT, "bgcolor": "rgba(0,0,0,0)", "color": RULE, "activecolor": RULE},
        "hoverlabel": {"font": {"size": 15}},
        "xaxis": {**axis, "automargin": names_below, **x},
        "yaxis": {**axis, **y},
        **more,
    }


def colour_bar(title: str) -> dict[str, Any]:
    """Above the figure, where it costs no width."""
    return {"title": {"text": title, "side": "top"}, "orientation": "h", "y": 1.0, "yanchor": "bottom", "thickness": 12}


def short(label: str) -> str:
    """A label that an axis has room for: cut, and seen to be cut, beyond MOST_LABEL_CHARACTERS."""
    return label if len(label) <= MOST_LABEL_CHARACTERS else label[: MOST_LABEL_CHARACTERS - 1] + "…"
