"""A vocabulary as it was learned: its merges in order, the beginning of the text cut by any number of them, compression against size.

Everything is sent once; going back to any merge asks the server for nothing (cutting.js).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from explorer.catalogue import catalogue
from explorer.page.theme import TOKEN_TINTS, token_tint
from explorer.widgets.widget import widget

_SKELETON = """
<div class="learned">
  <p class="now" role="status"></p><progress class="progress" max="1" hidden></progress>
  <div class="player"><button type="button" class="back"></button><button type="button" class="play"></button>
  <button type="button" class="next"></button><input type="range" min="0" step="1"><span class="place"></span></div>
  <div class="beside"><ol class="list"></ol><div class="plot"><canvas></canvas><ul class="legend"></ul><p class="read"></p></div></div>
  <p class="told"></p><p class="excerpt" dir="auto" tabindex="0" role="region"></p>
</div>
"""


def learned(elem_id: str, linked: str, value: dict[str, Any]) -> gr.HTML:
    """Set it to `learned_value(...)`, or to `going_value(...)` while it learns. linked: as what a link holds the merge, -1 for the last."""
    tints = [token_tint(token_id) for token_id in range(len(TOKEN_TINTS))]  # they come again and again in this order
    constants = {"words": catalogue("learned").sentences, "name": linked, "tints": tints}
    return widget(Path(__file__).parent, _SKELETON, constants, value=value, elem_id=elem_id)


def learned_value(told: Mapping[str, Any]) -> dict[str, Any]:
    """told: as explorer/answers/vocabulary_training.py has it. One string, because Gradio wraps every object of a value in proxies."""
    return {"told": json.dumps(told, ensure_ascii=False), "going": None}


def going_value(lines: Sequence[str], done: int, wanted: int) -> dict[str, Any]:
    """lines: the newest merges, in words, the last one first."""
    return {"going": {"lines": list(lines), "share": done / max(1, wanted)}}
