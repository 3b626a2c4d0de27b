"""One sentence to the person, where they look: a refusal that says what to do next, or what is being read."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import gradio as gr

from explorer.widgets.widget import widget


def notice_line(elem_id: str) -> gr.HTML:
    """An empty line; set it to `info(...)` or `refusal(...)`."""
    return widget(Path(__file__).parent, '<p class="notice" role="status" aria-live="polite"></p>', elem_id=elem_id)


def info(text: str) -> dict[str, Any]:
    return {"text": text, "kind": "info"}


def refusal(text: str) -> dict[str, Any]:
    return {"text": text, "kind": "refusal"}


def underway(text: str, job: str, n: int = 0) -> dict[str, Any]:
    """What is going on in a handler that can be stopped (explorer/page/stopping.py). job: `new_job()`, one for each call; n: how far it is."""
    return {**info(text), "job": job, "n": n}


def new_job() -> str:
    """What a call is known by in the browser, where it asks for one thing at a time."""
    return str(time.monotonic_ns())
