"""The one cursor of the page, kept in the browser: which sentence and model are on screen, which token, layer and head.

Invisible widgets, because Gradio's own hidden inputs announce changes that did not happen (a hidden Number did so without
end) and its server-side State announces them only through the queue, one request later.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import gradio as gr

from explorer.page.example import HEAD, LAYER
from explorer.widgets.widget import widget

PARTS = ("token", "layer", "head")
START = {"run": "", "token": 0, "layer": LAYER, "head": HEAD, "tab": ""}
# gr.on joins only events that Gradio knows by name, so four are borrowed; not "change", which gr.HTML itself announces at every
# redraw of a value that is an object.
_EVENTS = {"run": "submit", "token": "select", "layer": "input", "head": "edit"}
_SKELETON = "<span hidden></span>"


def cursor() -> gr.HTML:
    """value: {"run": RunKey as JSON, "token", "layer", "head", "tab"}. Writes the link to it into the address bar."""
    return widget(Path(__file__).parent, _SKELETON, value=START, elem_id="cursor", visible="hidden")


def cursor_in_sight(tab: str) -> gr.HTML:
    """What the cursor was when `tab` was last open: it follows while the tab is, and catches up when it is opened; "" always follows.

    `moved` gives the event of each of its parts but the tab. When a sentence and a position change together, only the sentence is
    announced: whatever follows a position follows the sentence as well.
    """
    folder = Path(__file__).parent / "in_sight"
    return widget(folder, _SKELETON, {"tab": tab, "events": _EVENTS}, value=START, visible="hidden")


def moved(in_sight: gr.HTML, part: str) -> Callable[..., Any]:
    """The event that tells that "run", "token", "layer" or "head" has changed."""
    return getattr(in_sight, _EVENTS[part])


def sent(cursor: Mapping[str, Any], limits: Mapping[str, int], asked: Mapping[str, Any]) -> dict[str, Any]:
    """A cursor for the browser from a handler that was given `asked`.

    What has moved in the browser since then stays moved, within `limits`.
    """
    return {
        **{part: cursor[part] for part in START},
        "asked": {part: asked[part] for part in (*PARTS, "tab") if part in asked},
        "limits": dict(limits),
    }


def moves(positions: Mapping[str, str]) -> str:
    """JavaScript for a listener with inputs [cursor, widget] and output cursor: put each position, an expression over `value`, there."""
    parts = ", ".join(f"{part}: {picked}" for part, picked in positions.items())
    return f"(cursor, value) => ({{ ...cursor, {parts} }})"
