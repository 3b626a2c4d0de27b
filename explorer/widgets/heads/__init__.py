"""All attention heads of a model at a glance: a row a layer, a column a head, each head's pattern in small; pick one.

The patterns are painted on one canvas; over it lies a grid of keys that a mouse, a keyboard and a screen reader can use.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
import plotly.colors
import torch
from torch import Tensor
from torch.nn import functional as F

from explorer.catalogue import catalogue
from explorer.page.theme import SEQUENTIAL
from explorer.widgets.widget import packed, widget
from gpt2core.roles import SHARES

# Where TabContext.mirrors puts the cursor's head and token.
MIRRORED = "{ ...value, layer: cursor.layer, head: cursor.head, token: cursor.token }"

MOST_DOTS = 48  # along the side of one head's picture


def head_grid(elem_id: str, exchange_name: str) -> gr.HTML:
    """An empty grid; set it to `head_mosaic(...)`. A click or an arrow key tells the page the head (`page-wish`).

    exchange_name: of the widgets/exchange that answers {"roles": true} with answers/roles.roles_of, by which the heads can be ordered;
    a link holds the order as heads_by and the least score as heads_least, 0 to 100.

    Where the weights have an origin a double click on a dot tells the page `number-asked` (widgets/drawer), and the key ? of the weight
    that the picked head gives most of from the cursor's token.
    """
    skeleton = """<div class="heads-order" role="group"></div><label class="heads-least" hidden></label><p class="heads-about" role="status"></p>
    <div class="heads"><canvas aria-hidden="true"></canvas><div class="heads-grid" role="grid"></div></div>
    <p class="heads-told" role="status"></p>"""
    constants = {"words": catalogue("heads").sentences, "exchange": exchange_name, "shares": SHARES}
    return widget(Path(__file__).parent, skeleton, constants, elem_id=elem_id)


def head_mosaic(patterns: Tensor, *, run: str, label: str, cell_label: str, no_origin: str = "") -> dict[str, Any]:
    """patterns [L, H, T, T], 0..1. run: whose they are, as the page writes it. label names the grid; cell_label names one head, with
    {layer} and {head} in it. no_origin: why the weights are no numbers of the run, where they are none.

    Which head is picked is not in it: MIRRORED adds that.
    """
    factor = pooling(patterns.size(-1))
    dots = pooled(patterns, factor)
    return {
        "run": run,
        "layers": dots.size(0),
        "heads": dots.size(1),
        "side": dots.size(-1),
        "dots": packed((dots * 255).round().to(torch.uint8)),
        "palette": _palette(),
        "tokens": patterns.size(-1),
        "pooling": factor,
        "no_origin": no_origin,
        "label": label,
        "cell_label": cell_label,
    }


def pooling(n_tokens: int) -> int:
    """How many tokens, along each axis, one dot of the mosaic stands for: 1 up to MOST_DOTS tokens."""
    return -(-n_tokens // MOST_DOTS)


def pooled(patterns: Tensor, factor: int) -> Tensor:
    """[L, H, T, T] -> [L, H, S, S], S = T / factor rounded up: each dot is the greatest of the weights it stands for."""
    return F.max_pool2d(patterns, factor, ceil_mode=True) if factor > 1 else patterns


@functools.cache
def _palette() -> str:
    """The figures' colours for the weights 0, 1/255, ... 1: 256 times red, green, blue."""
    colours = plotly.colors.sample_colorscale(SEQUENTIAL, np.linspace(0, 1, 256).tolist(), colortype="tuple")
    return packed((np.array(colours) * 255).round().astype(np.uint8))
