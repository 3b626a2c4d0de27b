"""A table in which every number is a bar as well, all on one scale, so that rows and columns compare at a glance."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from explorer.widgets.widget import widget


def bar_table(elem_id: str, label: str) -> gr.HTML:
    """Empty until it is set to `bar_table_value(...)`. label: names it to screen readers."""
    skeleton = '<div class="bar-table" role="region" tabindex="0"><table></table></div>'
    return widget(Path(__file__).parent, skeleton, {"label": label}, elem_id=elem_id)


def bar_table_value(
    head: Sequence[str],
    names: Sequence[str],
    values: Sequence[Sequence[float]],
    shown: Sequence[Sequence[str]],
    notes: Sequence[Sequence[str]],
) -> dict[str, Any]:
    """head: the names of the columns, that of the names first. Of each row its name, values (0 or more), and how each of these is read,
    with a note behind it."""
    longest = max((value for row in values for value in row), default=0.0) or 1.0
    parts = [[value / longest for value in row] for row in values]
    rows = [
        [name, [list(cell) for cell in zip(*row, strict=True)]]
        for name, *row in zip(names, values, parts, shown, notes, strict=True)
    ]
    return {"told": json.dumps({"head": list(head), "rows": rows}, ensure_ascii=False)}
