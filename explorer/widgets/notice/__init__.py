"""One sentence to the person, where they look: a refusal that says what to do next, or what is being read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

from explorer.widgets.widget import widget

# JavaScript for no inputs: wait until updates that were on their way when a handler was cancelled have been drawn.
SETTLED = "() => new Promise((done) => setTimeout(() => done([]), 300))"


def notice_line(elem_id: str) -> gr.HTML:
    """An empty line; set it to `info(...)` or `refusal(...)`."""
    return widget(Path(__file__).parent, '<p class="notice" role="status" aria-live="polite"></p>', elem_id=elem_id)


def info(text: str) -> dict[str, Any]:
    return {"text": text, "kind": "info"}


def refusal(text: str) -> dict[str, Any]:
    return {"text": text, "kind": "refusal"}


def underway(notice: dict[str, Any]) -> dict[str, Any]:
    """A notice that Stop replaces."""
    return {**notice, "underway": True}
