"""Text written token by token: played, paused, rewound, and branched wherever a person forces another token.

The tree of branches lives in the browser (branches.js). The server keeps nothing: it is sent the tokens of one branch and
answers with those that follow.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import gradio as gr

from explorer.answers.generation import Prompt
from explorer.page.theme import token_tint
from explorer.widgets.widget import widget
from explorer.wording.text import TokenLabel
from gpt2core.generation import Alternative

# JavaScript for inputs [this widget, sentence box], output sentence box: the sentence and what was written after it.
CONTINUED = "(value, sentence) => (value && typeof value.carry === 'string' ? value.carry : sentence)"

_SKELETON = """
<div class="story">
  <div class="transport" role="toolbar"></div>
  <div class="asked"></div>
  <div class="state"><p class="position"></p><p class="told" role="status" aria-live="polite"></p></div>
  <p class="window"></p>
  <div class="reading">
    <div class="written main-figure">
      <p class="empty"></p>
      <div class="text" hidden><bdi class="prompt"></bdi><span class="chips" role="listbox" aria-orientation="horizontal"></span>
        <span class="ahead"></span></div>
    </div>
    <div class="panel" hidden>
      <p class="looked"></p>
      <div class="heads"></div>
      <div class="others" role="listbox"></div>
      <p class="rest"></p>
      <p class="held"></p>
    </div>
    <div class="notes">
      <fieldset class="colours"><legend></legend></fieldset>
      <ul class="legend"></ul>
      <p class="repeats"></p>
      <details class="why"><summary></summary><p></p></details>
    </div>
  </div>
  <div class="branches" hidden>
    <p class="heading"></p>
    <div class="outline" role="tree"></div>
    <p class="hint"></p>
  </div>
  <div class="comparison" hidden>
    <p class="choice"></p>
    <p class="common"></p>
    <div class="sides"></div>
  </div>
</div>
"""


def story(elem_id: str, words: Mapping[str, str], **limits: int) -> gr.HTML:
    """Nothing yet; it continues what a `story_prompt` on the page holds. Answer its event `write` with `piece(...)`.

    words: the sentences that the scripts write. limits: most_tokens (of a branch), most_branches, start_tokens and n_gram.
    Events, with what the value then holds: `write` (request: {job, run, path, n, stop, settings}, unchecked), `halt`, and
    `carry` (see CONTINUED).
    """
    return widget(Path(__file__).parent, _SKELETON, {"words": dict(words), "limits": limits}, elem_id=elem_id)


def story_prompt(elem_id: str) -> gr.HTML:
    """Set it to `prompt(...)` when the sentence or the model changes. Invisible, and apart from the story, whose value changes
    so often while text is written that a new sentence could be lost in between."""
    return widget(Path(__file__).parent / "prompt", "<span hidden></span>", elem_id=elem_id)


def prompt(shown: Prompt) -> dict[str, Any]:
    """What is to be continued."""
    run = shown.run
    told = {
        "run": run.to_json(),
        "text": run.text,
        "ids": run.token_ids,
        "limit": shown.context_length,
        "end": shown.end_of_text,
    }
    return {"prompt": json.dumps(told)}


def piece(
    job: Any, state: str, *, lines: str = "", settings: str = "", said: str = "", seconds: float = 0.0
) -> dict[str, Any]:
    """The tokens that job `job` has written so far.

    lines: a `line` each, which only ever grows, so that what travels is what is new. state: "writing", "done", "ended" (by
    the model), "late" or "refused"; said: the sentence of the last two. settings: those drawn with, as JSON.
    """
    return {"job": job, "state": state, "lines": lines, "settings": settings, "said": said, "seconds": seconds}


def line(token_id: int, found: Iterable[tuple[Alternative, TokenLabel]]) -> str:
    """One token as JSON, [id, what could have come], each of these [id, text, bytes, tint, probability, own, rank]; the token
    is one of them.

    A string: Gradio wraps every object of a value in proxies and copies it at each update, which froze a page of 500 tokens.
    """
    others = [
        (
            label.token_id,
            label.text,
            label.hex,
            token_tint(label.token_id),
            one.probability,
            one.log_probability,
            one.rank,
        )
        for one, label in found
    ]
    return json.dumps((token_id, others), separators=(",", ":")) + "\n"
