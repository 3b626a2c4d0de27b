"""What a run has come to, in a sentence with its numbers, and the longest passage that the model wrote word for word as the text has
it, each shown where it stands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

from explorer.answers.verdict import Verdict
from explorer.catalogue import catalogue
from explorer.widgets.widget import widget

_SKELETON = """
<div class="verdict">
  <p class="verdict-line"><b class="verdict-kind"></b> <span class="verdict-text"></span></p>
  <p class="verdict-copied"></p>
  <p class="verdict-place"><span class="verdict-before"></span><mark></mark><span class="verdict-after"></span></p>
</div>
"""


def verdict_line(elem_id: str, value: dict[str, Any] | None = None) -> gr.HTML:
    """Nothing while it is empty; set it to `verdict_value(...)`."""
    return widget(Path(__file__).parent, _SKELETON, elem_id=elem_id, value=value or {})


def verdict_value(verdict: Verdict) -> dict[str, Any]:
    say = catalogue("training")
    copied = verdict.copied
    told: dict[str, Any] = {"kind": verdict.kind, "name": say(f"kind_{verdict.kind}"), "text": verdict.text}
    if copied is not None:
        told["copied"] = say("copied", n=len(copied.passage), place=copied.place)
        told |= {"before": copied.before, "passage": copied.passage, "after": copied.after}
    return told
