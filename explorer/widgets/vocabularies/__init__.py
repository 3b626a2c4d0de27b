"""A text as several vocabularies cut it, one line each, character under character; where a cut is another than the chosen one's is marked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import gradio as gr

from explorer.catalogue import catalogue
from explorer.page.theme import TOKEN_TINTS
from explorer.widgets.widget import widget

_SKELETON = """
<div class="side-by-side">
  <div class="legend"><span class="one"></span><span class="two"></span></div>
  <div class="lines" role="radiogroup"></div>
  <p class="against" role="status"></p>
</div>
"""


def vocabulary_lines(elem_id: str, linked: str) -> gr.HTML:
    """Empty until it is set to `lines_value(...)`. linked: as what a link holds the name of the vocabulary that the others are held against."""
    constants = {"words": catalogue("vocabularies").sentences, "name": linked, "tints": len(TOKEN_TINTS)}
    return widget(Path(__file__).parent, _SKELETON, constants, elem_id=elem_id)


def lines_value(told: Mapping[str, Any]) -> dict[str, str]:
    """told: as explorer/answers/vocabularies.side_by_side has it. One string, because Gradio wraps every object of a value in proxies."""
    return {"told": json.dumps(told, ensure_ascii=False)}
