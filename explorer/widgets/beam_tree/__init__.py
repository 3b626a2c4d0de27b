"""A beam search as its tree, and the texts it found beside others: drawn, walked with the arrows and saved in the browser."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from explorer.page.theme import token_tint
from explorer.widgets.widget import widget
from explorer.wording.text import TokenLabel
from gpt2core.beam import BeamNode

# JavaScript for inputs [this widget, sentence box], output sentence box: the sentence and the text whose button was pressed.
USED = "(value, sentence) => (value && value.used !== undefined ? value.prompt + value.used : sentence)"

_SKELETON = """
<div class="beam-tree">
  <div class="top"><ul class="legend"></ul><label class="hide"><input type="checkbox"><span></span></label>
  <button type="button" class="save"></button></div>
  <p class="reading"></p>
  <div class="scroll"><svg xmlns="http://www.w3.org/2000/svg" role="tree"></svg></div>
  <p class="detail" role="status" aria-live="polite"></p>
  <h3 class="title"></h3>
  <div class="sheet"><table class="texts"><thead></thead><tbody></tbody></table></div>
</div>
"""


@dataclass(frozen=True)
class TextRow:
    """One text beside others. kind: how it was found; text: whole characters only; path: its nodes of the tree, as far as they go.

    sum, score, probability: as a person reads them.
    """

    kind: str
    text: str
    length: int
    sum: str
    score: str
    probability: str
    path: tuple[int, ...]


def beam_tree(elem_id: str, words: Mapping[str, str]) -> gr.HTML:
    """An empty tree; set it to `beam_drawing(...)`. words: the sentences that beam_tree.js writes.

    Its event `apply` fires when a text's button was pressed (USED).
    """
    return widget(Path(__file__).parent, _SKELETON, {"words": dict(words)}, elem_id=elem_id)


def beam_drawing(
    key: str,
    prompt: str,
    last: TokenLabel,
    nodes: Sequence[BeamNode],
    labels: Sequence[TokenLabel],
    rows: Sequence[TextRow],
    best: Sequence[int],
) -> dict[str, Any]:
    """Data for the widget. key: what was searched for, "" while it is not whole; last: the token that the tree grows from;
    labels: of every token in it; best: the path marked where no row is picked."""
    shown_as = {label.token_id: {"text": label.text, "tint": token_tint(label.token_id)} for label in labels}
    tree = {
        "last": {"text": last.text, "tint": token_tint(last.token_id)},
        "nodes": [
            [node.parent, node.depth, node.token_id, node.log_probability, node.cumulative, node.fate] for node in nodes
        ],
        "labels": shown_as,
        "rows": [asdict(row) for row in rows],
        "best": list(best),
    }
    return {"key": key, "prompt": prompt, "tree": json.dumps(tree)}
