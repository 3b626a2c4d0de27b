"""A small table that is read as a whole."""

from __future__ import annotations

from pathlib import Path

import gradio as gr

from explorer.widgets.widget import widget


def plain_table(elem_id: str, label: str, *, of_text: bool = False) -> gr.HTML:
    """Nothing while it is empty; set it to `explorer.widgets.frame.table_value(...)`. label: names it to screen readers. of_text: its
    cells are text, which begins at the left and is wrapped."""
    kind = "plain-table of-text" if of_text else "plain-table"
    skeleton = f'<div class="{kind}" role="region" tabindex="0"><table></table></div>'
    return widget(Path(__file__).parent, skeleton, {"label": label}, elem_id=elem_id)
