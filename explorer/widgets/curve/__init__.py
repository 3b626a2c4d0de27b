"""A number for each place along a line, from -1 to 1, as a curve: pointed at, walked with the arrows, and each opens where it comes from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import gradio as gr
from torch import Tensor

from explorer.catalogue import catalogue
from explorer.widgets.widget import packed, widget

_SKELETON = """
<div class="curve">
  <canvas role="slider" tabindex="0" aria-orientation="horizontal"></canvas>
  <p class="line"><span class="read"></span><button type="button" class="ask"></button></p>
</div>
"""


def curve(elem_id: str) -> gr.HTML:
    """An empty curve; set it to `curve_value(...)`. A double click, the key ? and its button tell the page `number-asked` of the place that
    is picked (widgets/drawer)."""
    return widget(Path(__file__).parent, _SKELETON, {"words": catalogue("curve").sentences}, elem_id=elem_id)


def curve_value(
    values: Tensor, at: int, *, label: str, names: tuple[str, str], origin: Mapping[str, Any]
) -> dict[str, Any]:
    """values [P], -1..1, drawn whole; at: the place that is marked. names: of the places and of the values. origin: what the drawer is
    asked for, with the picked place put in at the end of its index."""
    return {
        "values": packed(values),
        "at": at,
        "label": label,
        "names": list(names),
        "origin": {**origin, "index": list(origin["index"])},
    }
