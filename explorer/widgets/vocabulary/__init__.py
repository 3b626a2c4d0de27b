"""How every token of the model on screen is shown, sent once a model, so that figures in the browser can name any of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

from explorer.widgets.widget import widget
from explorer.wording.text import token_labels
from gpt2core import Tokenizer


def vocabulary() -> gr.HTML:
    """Invisible; set it to `all_labels(...)`. Scripts find it as [data-vocabulary], its `labels` by token id."""
    return widget(Path(__file__).parent, "<span hidden></span>", elem_id="vocabulary")


def all_labels(tokenizer: Tokenizer, vocab_size: int) -> dict[str, Any]:
    """Labels of ids 0 to vocab_size - 1, a line each (a label holds no line end); ids without a token are named by number."""
    known = token_labels(range(min(vocab_size, tokenizer.vocab_size)), tokenizer)
    texts = [label.text for label in known] + [f"#{token_id}" for token_id in range(len(known), vocab_size)]
    return {"labels": "\n".join(texts)}
