"""What a tab shows, and of what: it follows the page's cursor while its tab is open and catches up when that is opened.

A closed tab asks nothing. What could not be drawn is marked (`data-stale` on its element), and the reason stands in this widget's
line, above the figures.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import gradio as gr

from explorer.catalogue import catalogue
from explorer.widgets.widget import widget


def sight(tab: str, figures: Mapping[str, Mapping[str, Any]]) -> gr.HTML:
    """figures: by name, {"follow": positions of the cursor, "ids": elements}. tab: "" is always in sight.

    value: where the cursor is, {"run", "token", "layer", "head"}, and "shown", for each figure the key of what it was drawn for. A
    redraw answers with {"current": {figure: key}, "failed": {figure: sentence}}. Events: `submit` when a figure must be looked at
    again, `edit` when the run has changed, `select` when anything has moved.
    """
    say = catalogue("page")
    constants = {
        "tab": tab,
        "figures": {name: dict(about) for name, about in figures.items()},
        "working": say("working"),
        "first": say("first"),
    }
    skeleton = '<p class="sight" role="status" aria-live="polite"></p>'
    return widget(Path(__file__).parent, skeleton, constants, value={"run": ""}, elem_classes="sight-line")
