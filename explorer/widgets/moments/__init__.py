"""The moments of a training, above the tabs while the chosen model is one of them: dragging along them, every tab follows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from explorer.catalogue import catalogue
from explorer.widgets.widget import widget

CHOSEN = "(value) => value.model"  # for a listener on `input` with this widget's value: the model of the moment

_SKELETON = """
<div class="moments" hidden>
  <button type="button" class="moments-play"></button>
  <input type="range" class="moments-range" min="0" step="1">
  <output class="moments-now"></output>
</div>
"""


def moments_line(elem_id: str) -> gr.HTML:
    """Nothing until it is set to `moments_value(...)` with two moments at least. Its event `input`: a moment was chosen, CHOSEN says
    which model that is; the page is told `moment-chosen` before."""
    say = catalogue("models")
    words = {key: say(f"moments_{key}") for key in ("label", "play", "rest", "now")}
    return widget(Path(__file__).parent, _SKELETON, {"words": words}, elem_id=elem_id, value={})


def moments_value(moments: Sequence[tuple[int, str]], model: str) -> dict[str, Any]:
    """moments: (step, name) in their order. model: the one on screen; the end of a run is its last moment."""
    names = [name for _, name in moments]
    at = names.index(model) if model in names else len(names) - 1
    return {"steps": [step for step, _ in moments], "names": names, "at": at}
