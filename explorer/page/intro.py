"""How a tab begins: one line of plain words, and more of them on request."""

from __future__ import annotations

import re

import gradio as gr

from explorer.catalogue import Catalogue


def intro(say: Catalogue) -> None:
    """The topic's `line`, which unfolds its `more` (Markdown). Both are ours, never what a person typed."""
    line = re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", say("line"))
    line = re.sub(r"\*(.+?)\*", r"<em>\1</em>", line)  # no Markdown inside an element
    more, less = (f"<span class='{name}'>{say(f'shared_{name}')}</span>" for name in ("more", "less"))
    summary = f"<summary><span class='line'>{line}</span> {more}{less}</summary>"
    gr.Markdown(f"<details>{summary}\n\n{say('more')}\n\n</details>", elem_classes="tab-intro")
