"""Files to take along, a button each: the server makes one when it is asked for, and the browser saves it."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import gradio as gr

from explorer.widgets.widget import widget


def takeaway(elem_id: str, buttons: Mapping[str, str]) -> gr.HTML:
    """buttons: labels by name. Its event `pick`: a button was pressed, `asked` of the value is its name. Set it to `file_value(...)`."""
    skeleton = '<div class="takeaway"></div>'
    return widget(Path(__file__).parent, skeleton, {"buttons": dict(buttons)}, elem_id=elem_id, value={})


def asked_of(value: Any) -> str:
    """The name of the button, as the browser sent it: still to be checked."""
    asked = value.get("asked") if isinstance(value, dict) else None
    return asked if isinstance(asked, str) else ""


def file_value(name: str, content: bytes) -> dict[str, Any]:
    """name: of the file."""
    return {"name": name, "content": base64.b64encode(content).decode("ascii")}
