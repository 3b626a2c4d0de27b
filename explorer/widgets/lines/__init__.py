"""Attention as lines between two columns of the same tokens, of several heads of a layer at once: left looks from, right is looked at.

A line's strength is the weight; each head has a colour of its own. None of it asks the server: other heads, another token under the
finger or the keys are drawn from what was sent.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gradio as gr
import plotly.colors
from torch import Tensor

from explorer.catalogue import catalogue
from explorer.page.theme import token_tint
from explorer.widgets.widget import packed, widget
from explorer.wording.text import TokenLabel

LEAST = 0.01  # weights below it are not drawn, which is said
# One a head, again from the start where there are more heads: plotly's, told apart on white and on black.
COLOURS = plotly.colors.qualitative.D3
_SKELETON = """
<div class="lines">
  <p class="lines-read" role="status"></p>
  <div class="lines-heads" role="group"></div>
  <div class="lines-scroll" role="group" tabindex="0"><canvas aria-hidden="true"></canvas></div>
  <p class="lines-note"></p>
</div>
"""


def lines(elem_id: str) -> gr.HTML:
    """No lines; set it to `lines_value(...)`. A click on a token, or Enter at the one under the key cursor, tells the page
    (`page-wish`); a link holds the heads that are drawn beside the picked one as lines_heads."""
    constants = {"words": catalogue("lines").sentences, "colours": COLOURS, "least": LEAST}
    return widget(Path(__file__).parent, _SKELETON, constants, elem_id=elem_id)


def lines_value(
    weights: Tensor, heads: Sequence[tuple[int, int]], labels: Sequence[TokenLabel], *, no_origin: str = ""
) -> dict[str, Any]:
    """weights [S, T, T]: of the heads (layer, head) in turn; labels of the tokens. no_origin: why no weight is a number of the run, where
    that is so; otherwise the key ? and a double click ask for the strongest line of the token that is read (`number-asked`)."""
    about = {
        "heads": [list(one) for one in heads],
        "tokens": [[label.text, token_tint(label.token_id)] for label in labels],
        "no_origin": no_origin,
    }
    # one string, because Gradio wraps every object of a value in proxies
    return {"weights": packed(weights), "about": json.dumps(about, ensure_ascii=False)}
