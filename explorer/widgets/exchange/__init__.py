"""A question that a widget asks the server, and its answer, apart from the widget's own large value. Invisible.

A figure that is drawn once a run, but must know more when something moves in the browser, asks for no more than that.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import gradio as gr

from explorer.widgets.widget import widget


def exchange(name: str) -> gr.HTML:
    """value up: {"asked": what is asked, None at first}; down: `answered(...)`. Its event `input` fires when something else is asked.

    On the page it hears `<name>-asked` (the question) and `<name>-again` (tell the last answer again), and tells `<name>-came`.
    """
    constants = {"name": name}
    folder = Path(__file__).parent
    return widget(folder, "<span hidden></span>", constants, value={"asked": None}, elem_id=name, visible="hidden")


def asked_of(value: Any) -> dict[str, Any]:
    """What is asked, as the browser sent it: still to be checked."""
    asked = value.get("asked") if isinstance(value, dict) else None
    return asked if isinstance(asked, dict) else {}


def answered(answer: Any) -> dict[str, str]:
    """answer: any JSON. One string, because Gradio wraps every object of a value in proxies."""
    return {"came": json.dumps(answer)}
