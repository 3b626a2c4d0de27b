"""What may come next, over the whole vocabulary, stage by stage from logits to the token drawn, redrawn in the browser.

The server sends all V logits once; sampling.js and luck.js, held to gpt2core's numbers by tests, do the rest at every move of a
slider. Labels of tokens come from widgets/vocabulary.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
from torch import Tensor

from explorer.answers.settings import MAX_SEED, START
from explorer.page.theme import TOKEN_TINTS, token_tint
from explorer.widgets.widget import packed, widget
from gpt2core.sampling import LEAST_PENALTY, MOST_PENALTY, MOST_TEMPERATURE

LIMITS = {
    "temperature": MOST_TEMPERATURE,
    "repetition_penalty": (LEAST_PENALTY, MOST_PENALTY),
    "seed": MAX_SEED,
    "rows": 20,
    "draws": 10_000,  # of the many draws at most, and at one press of the button
    "throw": 500,
    "logits": 20,  # that a person may type, and how far they may lie from 0
    "logit": 1e4,
}

_SKELETON = """
<div class="distribution">
  <p class="remark" role="status" aria-live="polite"></p>
  <div class="dice">
    <div class="told"><p class="lot" role="status" aria-live="polite"></p><p class="flip" role="status" aria-live="polite"></p></div>
    <button type="button" class="source reroll"></button><button type="button" class="source throw"></button>
    <button type="button" class="source clear"></button>
  </div>
  <h3 class="heading"></h3>
  <div class="pipeline main-figure"></div>
  <div class="rest"></div>
  <div class="sources" role="group">
    <button type="button" class="source from-sentence"></button><button type="button" class="source from-own"></button>
  </div>
  <label class="own" hidden><span class="own-label"></span>
    <input class="own-logits" type="text" value="2.0, 1.0, 0.5" spellcheck="false" autocomplete="off"></label>
  <p class="own-refusal" role="status" aria-live="polite"></p>
  <div class="scale"><span class="axis" aria-hidden="true"></span><span class="asks"><button type="button" class="source ask-logits"></button>
    <button type="button" class="source ask-share"></button><button type="button" class="source zoom" aria-pressed="false"></button></span>
  </div>
  <p class="summary" role="status" aria-live="polite"></p>
  <p class="came-next"></p>
  <div class="formula"></div>
  <h3 class="sweep-title"></h3>
  <p class="sweep-help"></p>
  <div class="sweep-box"><svg class="sweep"></svg></div>
</div>
"""


def distribution_figure(elem_id: str, words: Mapping[str, str]) -> gr.HTML:
    """An empty figure; set it to `next_token_distribution(...)`. words: every sentence that its scripts write.

    It follows the settings that widgets/settings announces.
    """
    tints = [token_tint(token_id) for token_id in range(len(TOKEN_TINTS))]
    constants = {"words": dict(words), "start": START, "limits": LIMITS, "tints": tints}
    return widget(Path(__file__).parent, _SKELETON, constants, elem_id=elem_id)


def next_token_distribution(
    logits: Tensor, context: Sequence[int], came_next: int | None, heading: str
) -> dict[str, Any]:
    """Data for the figure. logits [V]; context: the token ids up to the position looked at; came_next: the id that follows in the
    sentence, None at its end."""
    return {
        "logits": packed(logits),
        "seen": packed(np.array(sorted(set(context)))),  # ids below 2 ** 24 are whole in float32
        "next": came_next,
        "position": len(context),
        "heading": heading,
    }
