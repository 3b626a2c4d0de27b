"""The one state of the page, kept in the browser: what is on screen, where the cursor is, and every control that a link holds.

An invisible widget, because Gradio's own hidden inputs announce changes that did not happen (a hidden Number did so without
end) and its server-side State announces them only through the queue, one request later.

On the page it speaks by events of the document. It tells: `cursor-moved` (where the cursor is), `link-restored` (settings that a
link brought). It hears: `sentence-typed` ({text, model, now}), `link-setting` ({name: value, null where it is the usual one}),
`page-wish` ({token, layer, head, tab or edits}), `moment-chosen` ({model}, one that
cuts the sentence as the one on screen does), `cursor-asked` and `settings-asked` (tell it again), `copy-link` (a function that is
given what to say), `server-changed` (widgets/connection).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import gradio as gr

from explorer.catalogue import catalogue
from explorer.widgets.widget import widget

PARTS = ("token", "layer", "head")
START = {"run": "", "token": 0, "layer": 0, "head": 0, "tab": "", "edits": ""}
MAX_LINK = 6_000  # characters; what makes an address longer is left out of it, and that is said
REST_MS = 250  # how long typing rests before a sentence is read


def page_state() -> gr.HTML:
    """value: START's parts; run is RunKey as JSON, edits those wished for (the run has those on screen).

    Its event `submit` asks for the sentence in the box to be read, `clear` for what was said of a link to be taken away. Writes the
    link to what is on screen into the address bar.
    """
    constants = {
        "MAX_LINK": MAX_LINK,
        "REST_MS": REST_MS,
        "PARTS": [*PARTS, "tab"],
        "words": {key: catalogue("page")(key) for key in ("copied", "copied_without", "not_copied")},
    }
    return widget(
        Path(__file__).parent, "<span hidden></span>", constants, value=START, elem_id="cursor", visible="hidden"
    )


def read(cursor: Mapping[str, Any], limits: Mapping[str, int], asked: Mapping[str, Any]) -> dict[str, Any]:
    """The state for the browser from a handler that was given `asked` and has read a sentence.

    What has moved in the browser since then stays moved, within `limits`.
    """
    return {
        **{part: cursor[part] for part in START},
        "asked": {part: asked[part] for part in (*PARTS, "tab", "edits") if part in asked},
        "limits": dict(limits),
    }


def refused() -> dict[str, Any]:
    """The state after a sentence that could not be read: what is on screen stays, and is known to be of an earlier one."""
    return {"refused": True}


def moves(positions: Mapping[str, str]) -> str:
    """JavaScript for a listener with inputs [cursor, widget] and output cursor: put each position, an expression over `value`, there."""
    parts = ", ".join(f"{part}: {picked}" for part, picked in positions.items())
    return f"(cursor, value) => ({{ ...cursor, {parts} }})"


def tells(event: str, detail: str) -> str:
    """JavaScript for a listener with one input, `value`, and no output: tell the page `event` with `detail`, an expression over it."""
    return f"(value) => {{ document.dispatchEvent(new CustomEvent('{event}', {{ detail: {detail} }})); return []; }}"
