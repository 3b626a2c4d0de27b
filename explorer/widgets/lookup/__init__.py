"""A row taken out of a table by multiplying: every row × 1 or 0, added up. The rows around the one that is taken, as strips of colour."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gradio as gr
from torch import Tensor

from explorer.catalogue import catalogue
from explorer.page.theme import token_tint
from explorer.widgets.matrix.palettes import palettes
from explorer.widgets.widget import packed, widget
from explorer.wording.text import TokenLabel


def lookup(elem_id: str) -> gr.HTML:
    """Empty until it is set to `lookup_value(...)`."""
    constants = {"words": catalogue("lookup").sentences, "palette": palettes()["diverging"]}
    return widget(Path(__file__).parent, '<div class="lookup"></div>', constants, elem_id=elem_id)


def lookup_value(labels: Sequence[TokenLabel], rows: Tensor, picked: int, n: int) -> dict[str, Any]:
    """labels and rows [R, C] of R neighbouring ids, `picked` the place among them of the one that is taken; n: rows of the whole table."""
    about = {
        "tokens": [[label.token_id, label.text, token_tint(label.token_id)] for label in labels],
        "picked": picked,
        "n": n,
        "limit": float(rows.abs().max()) or 1.0,
    }
    # one string, because Gradio wraps every object of a value in proxies
    return {"about": json.dumps(about, ensure_ascii=False), "rows": packed(rows)}
