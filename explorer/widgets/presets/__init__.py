"""Sentences to try: keys, one of which is lit while its sentence stands above the tabs, and what to look at in it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import gradio as gr

from explorer.widgets.widget import widget

# For an event whose input is the widget's value: the sentence chosen.
CHOSEN = "(value) => value.text"


def presets(elem_id: str, choices: Sequence[tuple[str, str, str]], label: str) -> gr.HTML:
    """choices: name, sentence, what there is to see in it. Its event `pick` fires when one is chosen; value: {"text"}."""
    skeleton = '<div class="presets"><div class="choices" role="toolbar"></div><p class="note" role="status"></p></div>'
    constants = {"choices": [list(one) for one in choices], "label": label}
    return widget(Path(__file__).parent, skeleton, constants, value={"text": ""}, elem_id=elem_id)
