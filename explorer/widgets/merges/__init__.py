"""Byte-pair encoding at work: the rule that cuts the text, and for the picked token's piece its merges as a tree that grows from the bytes.

A piece's history travels as one number a merge, its pairs with their ranks, and is unrolled in the browser (history.js), which draws what is
in sight. All pieces of a sentence are sent at once, so that neither a pick nor a step asks the server for anything.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from explorer.catalogue import catalogue
from explorer.page.theme import token_tint
from explorer.widgets.widget import widget
from explorer.wording.text import printable
from gpt2core import Tokenizer
from gpt2core.merging import Piece
from gpt2core.tokenizer import SPLIT_RULES

_SKELETON = """
<div class="bpe">
  <p class="cuts" dir="auto"></p>
  <p class="now" role="status"></p>
  <div class="work">
    <div class="trunk">
      <div class="forest" tabindex="0"><svg></svg><div class="wide"></div></div>
      <div class="player"><button type="button" class="back"></button><button type="button" class="play"></button>
      <button type="button" class="next"></button><input type="range" min="0" step="1"><span class="place"></span></div>
    </div>
    <div class="pairs"><p class="pairs-title"></p><ol></ol><p class="left-out"></p></div>
  </div>
  <p class="rule-title"></p><ul class="rules"></ul>
</div>
"""


def merge_tree(elem_id: str, linked: str) -> gr.HTML:
    """Empty; set it to `merges_value(...)`. linked: as what a link holds the step, -1 for the last."""
    constants = {"words": catalogue("merges").sentences, "rules": SPLIT_RULES, "name": linked}
    return widget(Path(__file__).parent, _SKELETON, constants, elem_id=elem_id)


def merges_value(
    cut: Sequence[tuple[str, str]],
    piece_of: Sequence[int],
    histories: Sequence[Mapping[str, Any]],
    which: Sequence[int],
) -> dict[str, str]:
    """cut: each piece of the text, printable, with its rule's name; piece_of: of each token, in which it is; which: of each piece, its
    history in `histories` (`merge_history`)."""
    told = {"cuts": list(cut), "piece_of": list(piece_of), "histories": list(histories), "which": list(which)}
    # one string, because Gradio wraps every object of a value in proxies
    return {"told": json.dumps(told, ensure_ascii=False)}


def merge_history(piece: Piece, tokenizer: Tokenizer, end: str) -> dict[str, Any]:
    """One piece. end: the sentence below the last merge, why there is no other."""
    made = [piece.data[merge.start : merge.end] for merge in piece.merges()]
    kinds = {part: kind for kind, part in enumerate(dict.fromkeys((*piece.parts, *made)))}
    pairs = {pair: tokenizer.rank(*pair) for pair in dict.fromkeys(piece.pairs_met())}
    return {
        "kinds": [_kind(part, tokenizer) for part in kinds],
        "history": {
            "sizes": [len(part) for part in kinds],
            "start": [kinds[part] for part in piece.parts],
            "joints": list(piece.joints),
            "made": [kinds[part] for part in made],
        },
        "ranks": [[kinds[left], kinds[right], rank] for (left, right), rank in pairs.items() if rank is not None],
        "end": end,
    }


def _kind(part: bytes, tokenizer: Tokenizer) -> dict[str, Any]:
    token_id = tokenizer.token_ids.get(part)
    return {"text": printable(part), "tint": 0 if token_id is None else token_tint(token_id), "id": token_id}
