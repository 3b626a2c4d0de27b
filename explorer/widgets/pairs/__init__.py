"""Two models' probabilities for the same tokens, as pairs of bars, with what follows from them in words and in a small table."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import gradio as gr

from explorer.answers.compare import Comparison
from explorer.catalogue import catalogue
from explorer.page.theme import token_tint
from explorer.widgets.widget import widget

_SKELETON = """
<div class="pairs">
  <ul class="rows main-figure"></ul>
  <p class="rest"></p>
  <div class="sentences" role="status" aria-live="polite"></div>
  <table class="scores"><caption></caption><thead></thead><tbody></tbody></table>
  <p class="note"></p>
</div>
"""


def paired_bars(elem_id: str) -> gr.HTML:
    """An empty figure; set it to `pairs(...)`. Its event `select` fires when it comes into sight and the settings changed meanwhile."""
    return widget(Path(__file__).parent, _SKELETON, {"words": catalogue("pairs").sentences}, elem_id=elem_id)


def pairs(shown: Comparison) -> dict[str, Any]:
    """Data for the figure, whose words are all said already."""
    rows = [
        {"text": row.label.text, "tint": token_tint(row.label.token_id), "bars": [asdict(bar) for bar in row.bars]}
        for row in shown.rows
    ]
    scores = asdict(shown.scores) if shown.scores else None
    told = ("heading", "sentences", "legend", "rest", "note", "places", "settings")
    return {"data": json.dumps({**{name: getattr(shown, name) for name in told}, "rows": rows, "scores": scores})}
