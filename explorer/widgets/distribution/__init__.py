"""What may come next, over the whole vocabulary: the likeliest tokens as bars, the rest as one row, redrawn in the browser.

The server sends all V logits once; sampling.js, held to gpt2core's numbers by a test, does the rest at every move of a slider.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import gradio as gr
from torch import Tensor

from explorer.text import TokenLabel
from explorer.theme import token_tint
from explorer.widgets.widget import packed, widget

N_BARS = 20

_SKELETON = """
<div class="distribution">
  <h3 class="heading"></h3>
  <p class="remark" role="status" aria-live="polite"></p>
  <p class="summary" role="status" aria-live="polite"></p>
  <div class="scale"><span class="axis" aria-hidden="true"></span><button type="button" class="zoom" aria-pressed="false"></button></div>
  <div class="bars" role="listbox" tabindex="-1"></div>
  <div class="rest"></div>
  <p class="came-next"></p>
  <div class="formula"></div>
  <table class="stages"><caption></caption><thead></thead><tbody></tbody></table>
</div>
"""


def distribution_bars(elem_id: str, words: Mapping[str, str]) -> gr.HTML:
    """An empty figure; set it to `next_token_distribution(...)`. words: every sentence that distribution.js writes.

    It follows the settings that widgets/settings announces.
    """
    options: dict[str, Any] = {"words": json.dumps(dict(words))}
    return widget(Path(__file__).parent, _SKELETON, elem_id=elem_id, **options)


def next_token_distribution(
    logits: Tensor, likeliest: Sequence[TokenLabel], came_next: TokenLabel | None, heading: str
) -> dict[str, Any]:
    """Data for the figure. logits [V]; likeliest: labels of the first N_BARS of gpt2core's falling_order; came_next: the token
    that follows in the sentence, None at its end."""
    labels = [*likeliest, *([came_next] if came_next else [])]
    shown_as = {str(label.token_id): {"text": label.text, "tint": token_tint(label.token_id)} for label in labels}
    return {
        "logits": packed(logits),
        "labels": json.dumps(shown_as),
        "shown": len(likeliest),
        "next": None if came_next is None else came_next.token_id,
        "heading": heading,
    }
