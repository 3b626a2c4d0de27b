"""The text as a run reads it: where its windows lie, in which order they are read, and of one window every prediction that it asks for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import gradio as gr

from explorer.answers.windows import SHOWN, Windows
from explorer.catalogue import catalogue
from explorer.page.theme import token_tint
from explorer.widgets.widget import widget

_SKELETON = """
<div class="windows">
  <div class="windows-map"><canvas></canvas></div>
  <label class="windows-pick" hidden><span class="windows-which"></span> <input type="range" min="0" step="1" value="0"></label>
  <div class="windows-rows" role="listbox" aria-orientation="horizontal"></div>
  <p class="windows-read" role="status" aria-live="polite"></p>
</div>
"""


def window_rows(elem_id: str) -> gr.HTML:
    """Empty; set it to `windows_value(...)`."""
    say = catalogue("training")
    keys = ("which", "asks", "asks_long", "map", "list", "input", "target")
    words = {key: say(f"windows_{key}") for key in keys}
    return widget(Path(__file__).parent, _SKELETON, {"words": words, "SHOWN": SHOWN}, elem_id=elem_id, value={})


def windows_value(cut: Windows) -> dict[str, Any]:
    windows = [
        [{"text": one.text, "tint": token_tint(one.token_id), "id": one.token_id} for one in row] for row in cut.windows
    ]
    about = {
        "train": cut.n_train,
        "held_out": cut.n_held_out,
        "window": cut.window,
        "batch": cut.batch_size,
        "starts": cut.starts[:4096],
        "windows": windows,
    }
    return {"about": json.dumps(about, ensure_ascii=False)}
