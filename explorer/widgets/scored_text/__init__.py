"""A text with each token coloured by how well a model predicted it, what it expected instead, and its surprise along the text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import gradio as gr

from explorer.answers.scoring import Scored
from explorer.page.theme import token_tint
from explorer.widgets.widget import packed, widget

# The index picked, as TabContext.picks wants it: the cursor moves only if the text is the sentence.
PICKED = "value.follows ? value.selected : cursor.token"

_SKELETON = """
<div class="scored">
  <dl class="facts"></dl>
  <div class="text main-figure" role="listbox" aria-orientation="horizontal" tabindex="-1"></div>
  <div class="about"><p class="detail" role="status" aria-live="polite"></p><button type="button" class="ask" hidden></button></div>
  <div class="top"><div class="colours" role="radiogroup"></div><ul class="bands"></ul></div>
  <p class="scale" hidden><i></i><span></span></p>
  <div class="below">
    <div class="expected"><h3></h3><ol></ol></div>
    <div class="chart"><canvas></canvas></div>
  </div>
  <p class="meaning"></p>
</div>
"""


def scored_text(elem_id: str, words: Mapping[str, str]) -> gr.HTML:
    """Nothing yet; set it to `scored(...)`. words: the sentences that scored_text.js writes.

    Its event `pick` fires when a token was picked (PICKED); it follows the cursor by itself.
    """
    return widget(Path(__file__).parent, _SKELETON, {"words": dict(words)}, elem_id=elem_id)


def scored(found: Scored) -> dict[str, Any]:
    """Data for the widget, from an answer that has something to draw."""
    score = found.score
    assert score is not None
    assert found.summary is not None
    shown_as = {label.token_id: {"text": label.text, "tint": token_tint(label.token_id)} for label in found.labels}
    text = {
        "ids": list(score.token_ids),
        "labels": shown_as,
        "losses": packed(score.losses),
        "ranks": packed(score.ranks.float()),  # exact up to 2 ** 24
        "bands": packed(score.bands.float()),
        "counts": score.bands.bincount(minlength=4).tolist(),
        "context": packed(score.context.float()),
        "alternatives": packed(score.alternatives.float()),
        "alternative_shares": packed(score.alternative_probabilities),
        "vocabulary": found.vocab_size,
        "explained": found.explained,
        **asdict(found.summary),
    }
    # One string: Gradio wraps every object of a value in proxies and copies it at each update.
    return {"score": json.dumps(text), "selected": found.selected, "follows": found.follows}
