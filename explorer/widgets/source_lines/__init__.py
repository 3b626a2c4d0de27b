"""What a step is in the code: the shape that it makes, and the lines of gpt2core that do it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from explorer.widgets.widget import widget


def source_lines(elem_id: str) -> gr.HTML:
    """Nothing; set it to `source_value(...)`."""
    return widget(Path(__file__).parent, '<div class="source-lines"></div>', elem_id=elem_id)


def source_value(shape: str, code: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """shape: what is made, in the letters of gpt2core.sites. code: (where it stands, its lines) in the order of reading."""
    # one string, because Gradio wraps every object of a value in proxies
    return {"told": json.dumps({"shape": shape, "code": [list(one) for one in code]})}
