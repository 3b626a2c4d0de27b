"""How byte-pair encoding built the tokens of one piece of text: a row a merge, bytes at the top, tokens at the bottom.

A long piece has thousands of merges. Its history travels as one number a merge and is unrolled in the browser (history.js) a page at a
time, each row around the place of its merge; what is left out is said.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

from explorer.catalogue import catalogue
from explorer.page.theme import token_tint
from explorer.widgets.widget import widget
from explorer.wording.text import printable
from gpt2core import Tokenizer
from gpt2core.merging import Piece

ROWS, PARTS = 20, 24  # on a page, and in a row: what a person can look at
_SKELETON = """
<ol class="merges" tabindex="0"></ol>
<div class="merge-pages" hidden><p class="merge-range" role="status"></p><div class="merge-buttons"></div></div>
<p class="merge-end"></p>
"""


def merge_list(elem_id: str) -> gr.HTML:
    """An empty list; set it to `merge_history(...)`."""
    constants = {"words": catalogue("tokens").sentences, "limits": {"rows": ROWS, "parts": PARTS}}
    return widget(Path(__file__).parent, _SKELETON, constants, elem_id=elem_id)


def merge_history(piece: Piece, tokenizer: Tokenizer, end: str) -> dict[str, Any]:
    """Data for the widget. end: the sentence below the last merge."""
    made = [piece.data[merge.start : merge.end] for merge in piece.merges()]
    kinds = {part: kind for kind, part in enumerate(dict.fromkeys((*piece.parts, *made)))}
    return {
        "kinds": [_kind(part, tokenizer) for part in kinds],
        "history": {
            "sizes": [len(part) for part in kinds],
            "start": [kinds[part] for part in piece.parts],
            "joints": list(piece.joints),
            "made": [kinds[part] for part in made],
        },
        "end": end,
    }


def _kind(part: bytes, tokenizer: Tokenizer) -> dict[str, Any]:
    token_id = tokenizer.token_ids.get(part)
    return {"text": printable(part), "tint": 0 if token_id is None else token_tint(token_id), "id": token_id}
