"""A few steps that are gone through one by one: played, stepped and rewound, by finger and by keys."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from explorer.catalogue import catalogue
from explorer.widgets.widget import widget

_SKELETON = """
<div class="steps">
  <div class="steps-keys"><button type="button" class="steps-back"></button><button type="button" class="steps-play"></button>
  <button type="button" class="steps-next"></button></div>
  <ol class="steps-list" role="listbox" aria-orientation="horizontal"></ol>
</div>
"""


def steps(elem_id: str, names: Sequence[str], linked: str) -> gr.HTML:
    """names: of the steps. linked: as what a link holds the step, counted from 1.

    value: {"step": counted from 0, "key": what else was picked, None at first}; its event `input` fires when it changes.
    """
    constants = {"names": list(names), "words": catalogue("steps").sentences, "name": linked}
    return widget(Path(__file__).parent, _SKELETON, constants, value={"step": 0, "key": None}, elem_id=elem_id)


def step_asked(value: Any) -> tuple[Any, Any]:
    """(step, key) as the browser sent them: still to be checked."""
    asked = value if isinstance(value, dict) else {}
    return asked.get("step"), asked.get("key")
