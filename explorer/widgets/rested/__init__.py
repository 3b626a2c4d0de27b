"""When typing into a box rests: what takes a request is not asked for at every key."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

from explorer.page.events import QUICK
from explorer.widgets.page_state import REST_MS
from explorer.widgets.widget import widget


def rested(box: gr.Textbox, *, on_enter: bool = False) -> gr.HTML:
    """Invisible; its events `submit` and `input` fire REST_MS after the last change of `box`, with on_enter at once on Enter.

    As a control of TabContext.draws it stands for what is in the box: `typed` reads that from its value.
    """
    clock = widget(Path(__file__).parent, "<span hidden></span>", {"REST_MS": REST_MS}, value={}, visible="hidden")
    box.change(None, box, clock, js="(text) => ({ text })", **QUICK)
    if on_enter:
        box.submit(None, box, clock, js="(text) => ({ text, now: true })", **QUICK)
    return clock


def typed(value: Any) -> Any:
    """What stands in the box, from the value of its clock, as a browser sent it: "" before anything was typed; still to be checked."""
    return value.get("text", "") if isinstance(value, dict) else value
