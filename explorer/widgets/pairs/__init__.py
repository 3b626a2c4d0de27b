"""Two models' probabilities for the same tokens, as pairs of bars, with what follows from them in words and in a small table."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from explorer.page.theme import token_tint
from explorer.widgets.widget import widget
from explorer.wording.text import TokenLabel

_SKELETON = """
<div class="pairs">
  <h3 class="heading"></h3>
  <div class="sentences" role="status" aria-live="polite"></div>
  <p class="legend"></p>
  <ul class="rows"></ul>
  <p class="rest"></p>
  <table class="scores"><caption></caption><thead></thead><tbody></tbody></table>
  <p class="note"></p>
</div>
"""


@dataclass(frozen=True)
class Bar:
    """One model's share of one token. length: of the bar, 0 to 1; share: the same in words; note: what there is to add."""

    length: float
    share: str
    note: str = ""


@dataclass(frozen=True)
class Row:
    label: TokenLabel
    bars: tuple[Bar, Bar]


@dataclass(frozen=True)
class Scores:
    """A table: a head of three cells and lines of three."""

    caption: str
    head: tuple[str, str, str]
    lines: Sequence[tuple[str, str, str]]


def paired_bars(elem_id: str) -> gr.HTML:
    """An empty figure; set it to `pairs(...)`. Its event `select` fires when it comes into sight and the settings changed meanwhile."""
    return widget(Path(__file__).parent, _SKELETON, elem_id=elem_id)


def pairs(
    heading: str,
    sentences: Sequence[str],
    legend: str,
    rows: Sequence[Row],
    rest: str,
    scores: Scores | None,
    note: str,
) -> dict[str, Any]:
    """Data for the figure; all words are said here."""
    drawn = [
        {"text": row.label.text, "tint": token_tint(row.label.token_id), "bars": [asdict(bar) for bar in row.bars]}
        for row in rows
    ]
    data = {"heading": heading, "sentences": sentences, "legend": legend, "rows": drawn, "rest": rest, "note": note}
    return {"data": json.dumps({**data, "scores": asdict(scores) if scores else None})}
