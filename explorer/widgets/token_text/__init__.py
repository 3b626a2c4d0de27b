"""The sentence three times over, linked: as text, as tokens with their ids, as the ids alone; and what there is to say of the picked one.

Everything of a sentence is sent at once, so that a pick asks the server for nothing.
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
from explorer.wording.glyphs import Glyph, shares
from explorer.wording.text import TokenLabel

_SKELETON = """
<div class="token-views">
  <div class="all main-figure">
    <p class="running" dir="auto"></p>
    <div class="tokens tokens-detail" role="listbox" aria-orientation="horizontal"></div>
    <p class="ids"></p>
    <button type="button" class="bytes-switch" aria-pressed="false"></button>
  </div>
  <div class="one" aria-live="polite">
    <p class="what"></p><p class="why"></p><table class="bytes"></table><p class="family-told"></p><div class="family"></div>
  </div>
</div>
"""


def token_text(elem_id: str, linked: str) -> gr.HTML:
    """Empty until it is set to `token_text_value(...)`. linked: as what a link holds whether bytes are shown."""
    constants = {"words": catalogue("tokens").sentences, "name": linked}
    return widget(Path(__file__).parent, _SKELETON, constants, elem_id=elem_id)


def token_text_value(
    labels: Sequence[TokenLabel],
    seen: Sequence[Glyph],
    characters: Sequence[Glyph],
    whys: Sequence[str],
    families: Sequence[Mapping[str, Any] | None],
    family_of: Sequence[int],
) -> dict[str, str]:
    """seen: the text as people see it, in glyphs; characters: the same, one for each character. whys: of each token, a sentence.
    families: each {told, rows}; rows: [spacing][casing] {here, tokens: [[text, id]]}; family_of: of each token, which."""
    place = {why: number for number, why in enumerate(dict.fromkeys(whys))}
    tokens = [
        {
            "id": label.token_id,
            "text": label.text,
            "bytes": label.hex,
            "tint": token_tint(label.token_id),
            "parts": parts,
            "why": place[why],
            "family": family,
        }
        for label, parts, why, family in zip(labels, shares(len(labels), characters), whys, family_of, strict=True)
    ]
    spelled = [[glyph.text, glyph.owners] for glyph in seen]
    told = {
        "tokens": tokens,
        "glyphs": spelled,
        "whys": list(place),
        "families": [one and _tinted(one) for one in families],
    }
    # one string, because Gradio wraps every object of a value in proxies
    return {"told": json.dumps(told, ensure_ascii=False)}


def _tinted(family: Mapping[str, Any]) -> dict[str, Any]:
    rows = [
        [
            {**form, "tokens": [[text, token_id, token_tint(token_id)] for text, token_id in form["tokens"]]}
            for form in row
        ]
        for row in family["rows"]
    ]
    return {**family, "rows": rows}
