"""The base of every browser widget: a gr.HTML whose template is fixed and whose value is data.

User text never enters a template (Gradio would run `${...}` in it); it travels as data and the widget's script writes it
with textContent. A widget's scripts become its `js_on_load`, so nothing has to be served, found or loaded first.

A function, not a subclass: for every subclass of a component Gradio writes a .pyi file into the source tree.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
from torch import Tensor


def widget(folder: Path, skeleton: str, constants: Mapping[str, Any] | None = None, **options: Any) -> gr.HTML:
    """A component that shows `skeleton` and runs every .js of `folder` (in alphabetical order, as one function body).

    The script knows element, props, trigger and watch; `props.value` is the data that handlers return, any JSON, with
    arrays packed by `packed`. A word in quotes in the script is an event: trigger('pick') in it, .pick(...) in Python.
    `skeleton` is our own HTML. constants: what the script finds under these names, as JSON has them; written into it, because
    props of our own get lost when a listener fires before the widget's tab is first opened (Gradio 6.31). options go to gr.HTML.
    """
    known = [f"const {name} = {json.dumps(value)};" for name, value in (constants or {}).items()]
    return gr.HTML(
        html_template=skeleton,
        css_template=_joined(folder, "*.css"),
        js_on_load="\n".join([*known, _joined(folder, "*.js")]),
        apply_default_css=False,
        **options,
    )


def _joined(folder: Path, pattern: str) -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in sorted(folder.glob(pattern)))


def packed(values: Tensor | np.ndarray) -> str:
    """Numbers for the browser: little-endian float32 (or uint8, if they are) in base64, 30 times faster than JSON."""
    array = np.ascontiguousarray(np.asarray(values))
    numbers = array if array.dtype == np.uint8 else array.astype("<f4")
    return base64.b64encode(numbers.tobytes()).decode("ascii")
