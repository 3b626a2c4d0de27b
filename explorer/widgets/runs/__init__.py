"""The runs of a page, one below the other: what changed from the one before, how it ended, and buttons that hide it in the plot or
take it away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from explorer.catalogue import catalogue
from explorer.widgets.widget import widget

_SKELETON = '<div class="runs" role="region" tabindex="0"><table><thead></thead><tbody></tbody></table></div>'


@dataclass(frozen=True)
class Row:
    """One run, its cells as they are read. name: what the buttons tell of it."""

    name: str
    cells: Sequence[str]
    is_hidden: bool


def run_list(elem_id: str) -> gr.HTML:
    """Nothing while it is empty; set it to `runs_value(...)`. Its event `input`: a button was pressed; the value then holds `act`,
    {"kind": "hide" or "forget", "name": of the run}."""
    say = catalogue("training")
    words = {key: say(f"runs_{key}") for key in ("label", "hide", "show", "forget", "acts")}
    return widget(Path(__file__).parent, _SKELETON, {"words": words}, elem_id=elem_id, value={"rows": []})


def runs_value(columns: Sequence[str], rows: Sequence[Row]) -> dict[str, Any]:
    return {
        "columns": list(columns),
        "rows": [{"name": row.name, "cells": list(row.cells), "hidden": row.is_hidden} for row in rows],
    }
