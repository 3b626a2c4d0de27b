"""How handlers are attached to events."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gradio as gr
from gradio.components import Component

# What waits for an answer is marked by the page itself (widgets/sight), so Gradio's own marks are hidden; and on no component, for each one
# that had any is looked for among all components of the page at every stage of every event (docs/log.md, 2026-11-30).
UNMARKED: dict[str, Any] = {"show_progress": "hidden", "show_progress_on": []}
# Small requests answered at once.
QUICK: dict[str, Any] = {"queue": False, "api_visibility": "private", **UNMARKED}


def changed(control: Component) -> Callable[..., Any]:
    """The event that tells that a control has another value; a widget of ours announces a person's change as `input`."""
    return control.input if isinstance(control, gr.HTML) else control.change  # type: ignore[attr-defined]
