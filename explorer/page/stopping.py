"""A Stop button: ends a handler that yields, and says so; what the handler had sent by then may still arrive afterwards."""

from __future__ import annotations

import json
from typing import Any

import gradio as gr
from gradio.events import Dependency

from explorer.catalogue import catalogue
from explorer.page.events import QUICK


def stop_button(elem_id: str | None = None, **options: Any) -> gr.Button:
    """Not to be pressed until something runs. options go to gr.Button."""
    usual: dict[str, Any] = {"variant": "stop", "size": "sm", "interactive": False}
    return gr.Button(catalogue("page")("stop_it"), elem_id=elem_id, **{**usual, **options})


def stops(button: gr.Button, running: Dependency, told: gr.HTML, sentence: str) -> None:
    """Let `button` cancel `running`, whose notices in `told` are `underway` until it ends; the notice then is `sentence`.

    A {n} in it becomes the n of the last of those notices, 0 if there was none.
    """
    button.click(None, None, None, cancels=[running], api_visibility="private")
    # fires once the cancelled call has gone: one made earlier would be put off until it ends, and then forgotten (Gradio 6.31)
    said = f"(told) => (told && told.over ? told : {{ ...told, stop: {json.dumps(sentence)} }})"  # it may fire twice
    running.failure(None, told, told, js=said, **QUICK)
