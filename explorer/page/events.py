"""How handlers are attached to events."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gradio as gr
from gradio.components import Component

# Small requests answered at once, with nothing blanked meanwhile.
QUICK: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}


def changed(control: Component) -> Callable[..., Any]:
    """The event that tells that a control has another value; a widget of ours announces a person's change as `input`."""
    return control.input if isinstance(control, gr.HTML) else control.change  # type: ignore[attr-defined]
