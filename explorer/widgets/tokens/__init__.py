"""Tokens as coloured keys: the cursor above the tabs, and the cards of the Tokens tab."""

from __future__ import annotations

import html
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from explorer.catalogue import catalogue
from explorer.page.theme import token_tint
from explorer.widgets.widget import widget
from explorer.wording.text import TokenLabel

# The index picked, as TabContext.picks wants it: an expression over the widget's value.
PICKED = "value.selected"
# Where TabContext.mirrors puts the cursor.
STRIP_MIRRORED = "{ ...value, selected: cursor.token }"


def token_keys(elem_id: str) -> gr.HTML:
    """A list of keys; set it to `token_strip(...)` or `token_cards(...)`.

    A click or an arrow key moves value.selected and triggers `pick`.
    """
    name = html.escape(catalogue("tokens")("title"))
    skeleton = f'<div class="tokens" role="listbox" aria-label="{name}" aria-orientation="horizontal"></div>'
    return widget(Path(__file__).parent, skeleton, elem_id=elem_id)


def token_strip(labels: Sequence[TokenLabel], selected: int) -> dict[str, Any]:
    """Text only, on a few lines that scroll."""
    return {"tokens": _keys(labels), "selected": selected, "detail": False}


def token_cards(labels: Sequence[TokenLabel], selected: int) -> dict[str, Any]:
    """Text, id and bytes of each token, wrapped."""
    return {"tokens": _keys(labels), "selected": selected, "detail": True}


def _keys(labels: Sequence[TokenLabel]) -> str:
    """One string, because Gradio wraps every object of a value in proxies, again whenever the mark moves."""
    keys = [
        {"id": label.token_id, "text": label.text, "bytes": label.hex, "tint": token_tint(label.token_id)}
        for label in labels
    ]
    return json.dumps(keys, ensure_ascii=False)
