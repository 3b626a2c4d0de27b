"""The base of every browser widget: a gr.HTML whose template is fixed and whose value is data.

User text never enters a template (Gradio would run `${...}` in it); it travels as data and the widget's script writes it
with textContent. A widget's scripts are joined into its `js_on_load` (bundle.py), so nothing has to be served or loaded first.

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

from explorer.widgets.bundle import bundled


def widget(folder: Path, skeleton: str, constants: Mapping[str, Any] | None = None, **options: Any) -> gr.HTML:
    """A component that shows `skeleton` and is brought to life by the script of `folder` that has its name, columns/columns.js.

    That script is a module. It exports a default function, called once with one object: element, props, trigger, watch and the
    `constants`. `props.value` is the data that handlers return, any JSON, with arrays packed by `packed`. A word in quotes in a
    script is an event: trigger('pick') in it, .pick(...) in Python.
    `skeleton` is our own HTML. constants: written into the script as JSON, because props of our own get lost when a listener fires
    before the widget's tab is first opened (Gradio 6.31). options go to gr.HTML.
    """
    return gr.HTML(
        html_template=skeleton,
        css_template="\n".join(path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.css"))),
        js_on_load=_script(folder, constants or {}),
        apply_default_css=False,
        **options,
    )


def _script(folder: Path, constants: Mapping[str, Any]) -> str:
    handed = ["element, props, trigger, watch", *(f"{name}: {json.dumps(value)}" for name, value in constants.items())]
    return f"{bundled(folder / f'{folder.name}.js')}.default({{ {', '.join(handed)} }});"


def packed(values: Tensor | np.ndarray) -> str:
    """Numbers for the browser: little-endian float32 (or uint8, if they are) in base64, 30 times faster than JSON."""
    array = np.ascontiguousarray(np.asarray(values))
    numbers = array if array.dtype == np.uint8 else array.astype("<f4")
    return base64.b64encode(numbers.tobytes()).decode("ascii")
