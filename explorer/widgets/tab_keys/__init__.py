"""The keyboard in a row of tabs, which Gradio's tabs lack: arrows, Home and End open the next tab, as the ARIA practices describe."""

from __future__ import annotations

from pathlib import Path

import gradio as gr

from explorer.widgets.widget import widget


def tab_keys(tabs: str) -> gr.HTML:
    """Invisible; gives its keys to the gr.Tabs whose elem_id is `tabs`."""
    return widget(Path(__file__).parent, "<span hidden></span>", {"tabs": tabs}, visible="hidden")
