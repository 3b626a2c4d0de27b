"""When typing into a box rests: what takes a request is not asked for at every key."""

from __future__ import annotations

from pathlib import Path

import gradio as gr

from explorer.page.events import QUICK
from explorer.widgets.page_state import REST_MS
from explorer.widgets.widget import widget


def rested(box: gr.Textbox) -> gr.HTML:
    """Invisible; its event `submit` fires REST_MS after the last change of `box`."""
    clock = widget(Path(__file__).parent, "<span hidden></span>", {"REST_MS": REST_MS}, value={}, visible="hidden")
    box.change(None, box, clock, js="(text) => ({ text })", **QUICK)
    return clock
