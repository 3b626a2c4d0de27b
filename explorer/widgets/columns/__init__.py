"""Texts that grow side by side: every token a coloured chip, the line under it as long as its probability."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from explorer.answers.streams import Column
from explorer.page.theme import token_tint
from explorer.widgets.widget import widget


def text_columns(elem_id: str, words: Mapping[str, str]) -> gr.HTML:
    """Nothing yet; set it to `grown(...)`. words: the sentences that columns.js writes."""
    return widget(Path(__file__).parent, '<div class="columns"></div>', {"words": dict(words)}, elem_id=elem_id)


def grown(prompt: str, columns: Sequence[Column]) -> dict[str, Any]:
    """Data for the widget. prompt: the text that all of them continue."""
    told = [
        {
            "title": column.title,
            "parting": column.parting,
            "tokens": [
                (one.label.token_id, one.label.text, token_tint(one.label.token_id), one.probability, one.rank)
                for one in column.drawn
            ],
        }
        for column in columns
    ]
    return {
        "prompt": prompt,
        "columns": json.dumps(told),
    }  # one string: Gradio wraps every object of a value in proxies
