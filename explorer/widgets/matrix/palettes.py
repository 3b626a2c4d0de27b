"""The colours of the figures' scales as tables that a canvas paints with."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np
import plotly.colors

from explorer.page.theme import DIVERGING, DIVERGING_DARK, SEQUENTIAL
from explorer.widgets.widget import packed

SEQUENTIAL_COLOURS = 256
DIVERGING_COLOURS = 255  # an odd number: the colour of 0 is the one in the middle


@functools.cache
def palettes() -> dict[str, dict[str, str]]:
    """By scale and theme: red, green, blue of each colour from the scale's low end to its high end, packed."""
    sequential = _table(SEQUENTIAL, SEQUENTIAL_COLOURS)
    return {
        "sequential": {"light": sequential, "dark": sequential},
        "diverging": {"light": _table(DIVERGING, DIVERGING_COLOURS), "dark": _table(DIVERGING_DARK, DIVERGING_COLOURS)},
    }


def _table(scale: str | Sequence[str], n: int) -> str:
    named = scale if isinstance(scale, str) else plotly.colors.make_colorscale(list(scale))
    colours = plotly.colors.sample_colorscale(named, np.linspace(0, 1, n).tolist(), colortype="tuple")
    return packed((np.array(colours) * 255).round().astype(np.uint8))
