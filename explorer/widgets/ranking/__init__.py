"""What each part of the model costs, the dearest first; a click switches that part off, or on again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

from explorer.answers.ranking import Ranking
from explorer.catalogue import catalogue
from explorer.page.theme import token_tint
from explorer.widgets.widget import widget
from explorer.wording.text import TokenLabel

MOST_ROWS = 60  # of 144 heads and 12 MLPs; the frame's table and CSV hold all


def ranking_list(elem_id: str) -> gr.HTML:
    """An empty list; set it to `ranking_rows(...)`. Choosing a row tells the page the edits with its own turned (`page-wish`)."""
    words = {key: catalogue("ranking")(key) for key in ("list", "off", "on", "rest", "guess")}
    return widget(
        Path(__file__).parent,
        '<div class="ranking"><ol></ol><p class="ranking-rest"></p></div>',
        {"words": words},
        elem_id=elem_id,
    )


def ranking_rows(ranking: Ranking, edits: list[str]) -> dict[str, Any]:
    """edits: those on screen, in the notation of links."""
    dearest = max((row.cost or 0.0 for row in ranking.rows), default=0.0)
    rows = [
        {
            "label": row.label,
            "edit": row.edit,
            "told": row.refusal or row.rise or row.kl,
            "part": max(0.0, row.cost or 0.0) / dearest if dearest > 0 else 0.0,
            "guess": None if row.guess is None else _token(row.guess),
        }
        for row in ranking.rows[:MOST_ROWS]
    ]
    return {"rows": rows, "edits": edits, "left": max(0, len(ranking.rows) - MOST_ROWS)}


def _token(label: TokenLabel) -> dict[str, Any]:
    return {"text": label.text, "tint": token_tint(label.token_id)}
