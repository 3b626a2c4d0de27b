"""Several measures of one thing, one below the other: each a name, what it says, a bar, its number, and the numbers it is made of."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from explorer.catalogue import catalogue
from explorer.widgets.widget import widget


def measures(elem_id: str, *, tabular: bool = False) -> gr.HTML:
    """Empty until it is set to `measure_rows(...)`. tabular: its frame has no rows of its own, and takes these."""
    skeleton = '<div class="measures"><p class="told"></p><ol></ol><p class="scale"></p></div>'
    constants = {"words": catalogue("head_effect").sentences, "tabular": tabular}
    return widget(Path(__file__).parent, skeleton, constants, elem_id=elem_id)


def measure_rows(rows: Sequence[Mapping[str, Any]], limit: float, told: str, scale: str) -> dict[str, Any]:
    """Each row: name, about, value (None for no bar), shown, scale ("share": 0 to 1 from the left; "signed": from the middle, `limit` at
    either end), details ({text, shown, then}), and `origin` of itself or of a detail, what the page is told when the number is pressed
    (widgets/drawer). told: what they say together; scale: what the bars' lengths mean, in words."""
    # one string, because Gradio wraps every object of a value in proxies
    return {"rows": json.dumps(list(rows), ensure_ascii=False), "limit": limit, "told": told, "scale": scale}
