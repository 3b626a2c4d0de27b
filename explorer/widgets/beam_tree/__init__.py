"""A beam search as its tree, and the texts it found beside others: drawn, walked with the arrows and saved in the browser."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import gradio as gr

from explorer.answers.beams import BeamTree
from explorer.page.theme import token_tint
from explorer.widgets.widget import widget

# JavaScript for inputs [this widget, sentence box], output sentence box: the sentence and the text whose button was pressed.
USED = "(value, sentence) => (value && value.used !== undefined ? value.prompt + value.used : sentence)"

_SKELETON = """
<div class="beam-tree">
  <div class="scroll main-figure"><svg xmlns="http://www.w3.org/2000/svg" role="tree"></svg></div>
  <p class="detail" role="status" aria-live="polite"></p>
  <div class="top"><ul class="legend"></ul><label class="hide"><input type="checkbox"><span></span></label></div>
  <p class="reading"></p>
  <h3 class="title"></h3>
  <div class="sheet"><table class="texts"><thead></thead><tbody></tbody></table></div>
</div>
"""


def beam_tree(elem_id: str, words: Mapping[str, str]) -> gr.HTML:
    """An empty tree; set it to `beam_drawing(...)`. words: the sentences that beam_tree.js writes.

    Its event `apply` fires when a text's button was pressed (USED).
    """
    return widget(Path(__file__).parent, _SKELETON, {"words": dict(words)}, elem_id=elem_id)


def beam_drawing(tree: BeamTree) -> dict[str, Any]:
    """Data for the widget."""
    shown_as = {label.token_id: {"text": label.text, "tint": token_tint(label.token_id)} for label in tree.labels}
    drawn = {
        "last": {"text": tree.last.text, "tint": token_tint(tree.last.token_id)},
        "nodes": [
            [node.parent, node.depth, node.token_id, node.log_probability, node.cumulative, node.fate]
            for node in tree.nodes
        ],
        "labels": shown_as,
        "rows": [asdict(row) for row in tree.rows],
        "best": list(tree.best),
        "n_tokens": tree.n_tokens,
        "limit": tree.context_length,
    }
    return {"key": tree.key, "prompt": tree.prompt, "tree": json.dumps(drawn)}
