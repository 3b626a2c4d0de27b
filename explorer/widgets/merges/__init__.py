"""How byte-pair encoding built the tokens of one piece of text: a row a merge, bytes at the top, tokens at the bottom."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import gradio as gr

from explorer.catalogue import catalogue
from explorer.page.theme import token_tint
from explorer.widgets.widget import widget
from explorer.wording.text import printable
from gpt2core.tokenizer import Piece


def merge_list(elem_id: str) -> gr.HTML:
    """An empty list; set it to `merge_rows(...)`."""
    return widget(Path(__file__).parent, '<ol class="merges"></ol>', elem_id=elem_id)


def merge_rows(piece: Piece, ranks: Mapping[bytes, int]) -> dict[str, Any]:
    """Rows for the widget."""
    say = catalogue("tokens")
    rows = [{"caption": say("start"), "parts": _parts(piece.parts, ranks), "merged": -1}]
    before = piece.parts
    for number, merge in enumerate(piece.merges, start=1):
        left, right = before[merge.position], before[merge.position + 1]
        caption = say(
            "step",
            number=number,
            left=printable(left),
            right=printable(right),
            made=printable(left + right),
            rank=merge.token_id,
        )
        rows.append({"caption": caption, "parts": _parts(merge.parts, ranks), "merged": merge.position})
        before = merge.parts
    return {"rows": rows}


def _parts(parts: tuple[bytes, ...], ranks: Mapping[bytes, int]) -> list[dict[str, Any]]:
    return [{"text": printable(part), "tint": token_tint(ranks[part]), "id": ranks[part]} for part in parts]
