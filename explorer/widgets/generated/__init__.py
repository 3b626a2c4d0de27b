"""A sentence being continued: each new token a coloured chip, with the probability it was drawn at."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from explorer.text import TokenLabel
from explorer.theme import token_tint
from explorer.widgets.widget import widget

# JavaScript for inputs [this widget, sentence box], output sentence box: the sentence and what was written after it.
CONTINUED = "(value, sentence) => (value && value.text ? value.prompt + value.text : sentence)"

# JavaScript for no inputs: wait until updates that were on their way when the writing was cancelled have been drawn.
SETTLED = "() => new Promise((done) => setTimeout(() => done([]), 300))"


def stopped(sentence: str) -> str:
    """JavaScript for inputs [this widget, notice], output notice: `sentence` with its {n}, if the notice is `underway`."""
    n_shown = "String(JSON.parse(value.tokens).length)"
    said = f"{{ kind: 'info', text: {json.dumps(sentence)}.replace('{{n}}', {n_shown}) }}"
    return f"(value, told) => (told && told.underway ? {said} : told)"


def underway(notice: dict[str, Any]) -> dict[str, Any]:
    """A notice that Stop replaces."""
    return {**notice, "underway": True}


_SKELETON = """
<div class="generated">
  <p class="empty"></p>
  <div class="text" hidden><bdi class="prompt"></bdi><span class="chips" role="listbox" aria-orientation="horizontal"></span></div>
  <p class="detail" role="status" aria-live="polite"></p>
</div>
"""


@dataclass(frozen=True)
class Chip:
    """One token drawn. probability: after the filters; rank: its place in the model's own order, 1 the likeliest."""

    label: TokenLabel
    probability: float
    rank: int


def generated_text(elem_id: str, words: Mapping[str, str]) -> gr.HTML:
    """Nothing yet; set it to `continuation(...)`. words: the sentences that generated.js writes."""
    options: dict[str, Any] = {"words": json.dumps(dict(words))}
    return widget(Path(__file__).parent, _SKELETON, elem_id=elem_id, **options)


def continuation(prompt: str, text: str, chips: Sequence[Chip]) -> dict[str, Any]:
    """Data for the widget. prompt: the sentence continued; text: what the chips say, whole characters only."""
    tokens = [
        {
            "id": chip.label.token_id,
            "text": chip.label.text,
            "tint": token_tint(chip.label.token_id),
            "probability": chip.probability,
            "rank": chip.rank,
        }
        for chip in chips
    ]
    # One string: Gradio wraps every object of a value in proxies and copies it at each update, which froze a page of 500 chips.
    return {"prompt": prompt, "text": text, "tokens": json.dumps(tokens)}
