"""The base of every browser widget: a gr.HTML whose template is fixed and whose value is data.

User text never enters a template (Gradio would run `${...}` in it); it travels as data and the widget's script writes it
with textContent. The scripts of all widgets stand once in the page's head (`head`), joined by bundle.py; a widget's own `js_on_load`
only says which of them brings it to life, and with what. Gradio puts the head into the page itself, before or after the widgets come:
whoever comes first waits for the other in `globalThis.widgets`.

A function, not a subclass: for every subclass of a component Gradio writes a .pyi file into the source tree.
"""

from __future__ import annotations

import base64
import functools
import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
from torch import Tensor

from explorer.widgets.bundle import BundleError, all_bundled, in_order

HERE = Path(__file__).parent
FOLDERS = tuple(
    sorted(
        path.parent
        for path in HERE.rglob("*.js")
        if path.stem == path.parent.name and "export default" in path.read_text("utf-8")
    )
)

_TRIGGER = re.compile(r"\btrigger\('(\w+)'\)")

# A widget that fails must not keep the others from coming to life.
_START = """
const start = ([name, given]) => {
  try {
    scripts[name].default(given);
  } catch (error) {
    reportError(error);
  }
};
const waiting = globalThis.widgets ?? [];
globalThis.widgets = { push: start };
waiting.forEach(start);
"""


def widget(folder: Path, skeleton: str, constants: Mapping[str, Any] | None = None, **options: Any) -> gr.HTML:
    """A component that shows `skeleton` and is brought to life by the script of `folder` that has its name, columns/columns.js.

    That script is a module. It exports a default function, called once with one object: element, props, trigger, watch and the
    `constants`. `props.value` is the data that handlers return, any JSON, with arrays packed by `packed`. What it
    triggers is an event: trigger('pick') in it, .pick(...) in Python.
    `skeleton` is our own HTML. constants: written into the script as JSON, because props of our own get lost when a listener fires
    before the widget's tab is first opened (Gradio 6.31). options go to gr.HTML.
    """
    return gr.HTML(
        html_template=skeleton,
        css_template="\n".join(path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.css"))),
        js_on_load=_call(folder, constants or {}),
        apply_default_css=False,
        **options,
    )


def _call(folder: Path, constants: Mapping[str, Any]) -> str:
    handed = ["element, props, trigger, watch", *(f"{name}: {json.dumps(value)}" for name, value in constants.items())]
    name, events = json.dumps(folder.name), json.dumps(_events(_entry(folder)))
    return f"(globalThis.widgets ??= []).push([{name}, {{ {', '.join(handed)} }}, {events}]);"


def _entry(folder: Path) -> Path:
    return folder / f"{folder.name}.js"


@functools.cache
def _events(entry: Path) -> list[str]:
    """What the script triggers. Gradio's Python knows an event of a gr.HTML only if its name stands in `js_on_load` in quotes."""
    return sorted({event for module in in_order(entry) for event in _TRIGGER.findall(module.body)})


def head(folders: Iterable[Path] | None = None) -> str:
    """What widgets need of the page, once: their scripts. folders: whose widgets the page has; all of this package without.

    Raises: BundleError for scripts that cannot be joined, and for two folders of one name.
    """
    folders = list(FOLDERS if folders is None else folders)
    entries = {folder.name: _entry(folder) for folder in folders}
    if len(entries) < len(folders):
        raise BundleError("Two of the widgets' folders have the same name; a widget is known by it.")
    return f"<script>{{ const scripts = {all_bundled(entries)};\n{_START}}}</script>"


def packed(values: Tensor | np.ndarray) -> str:
    """Numbers for the browser: little-endian float32 (or uint8, if they are) in base64, 30 times faster than JSON."""
    array = np.ascontiguousarray(np.asarray(values))
    numbers = array if array.dtype == np.uint8 else array.astype("<f4")
    return base64.b64encode(numbers.tobytes()).decode("ascii")
