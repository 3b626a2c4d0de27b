"""The whole model on one screen: a column a stage, a line a token, and what each part did with the sentence.

The picture is drawn in the browser from one value a run; where the finger or the cursor goes costs no request. What would be too large
for it (the guesses at every token of a large model, an open layer's inside) is asked for apart, through widgets/exchange.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from explorer.answers.machine import STREAM, WRITTEN, Guesses, Machine, Strip
from explorer.catalogue import catalogue
from explorer.page.theme import token_tint
from explorer.widgets.settings import START
from explorer.widgets.widget import packed, widget
from explorer.wording.text import TokenLabel

# How exactly the weights of all heads are sent: as they are, to four digits, or pooled; the most numbers of each.
MOST_EXACT, MOST_HALF = 150_000, 450_000
MOST_DOTS = 48  # along the side of a pooled pattern

N_STOPS = 14  # of the walk; walk.js has them
LENGTHS = ("tok_emb", "pos_emb", "embed", *WRITTEN, *STREAM)

_SKELETON = """
<div class="map">
  <div class="map-top">
    <p class="map-read" role="status" aria-live="polite"></p>
    <div class="map-tools" role="group"></div>
  </div>
  <div class="map-walk" role="region" hidden>
    <p class="map-caption" role="status" aria-live="polite"></p>
    <div class="map-steps" role="group"></div>
  </div>
  <div class="map-grid" role="grid" tabindex="0">
    <canvas class="map-picture" aria-hidden="true"></canvas>
    <canvas class="map-marks" aria-hidden="true"></canvas>
    <div class="map-row" role="row"><span role="gridcell"></span></div>
  </div>
  <div class="map-switches" role="group"></div>
</div>
"""


def model_map(elem_id: str, tab: str, exchange_name: str, costs_name: str) -> gr.HTML:
    """An empty map; set it to `map_value(...)`. tab: the id of the tab it is in. exchange_name: of the widgets/exchange that answers what
    it asks; costs_name: of the one that tells what each part costs, asked for by its event `select`.

    It follows the page's cursor and moves it by itself. Its event `submit` fires when the drawn token is to be added to the sentence:
    value.longer is the text then.
    """
    words = catalogue("map").sentences
    constants = {"words": words, "exchange": exchange_name, "ranking": costs_name, "tab": tab, "start": START}
    return widget(Path(__file__).parent, _SKELETON, constants, elem_id=elem_id)


def map_value(
    machine: Machine, labels: Sequence[TokenLabel], counts: Mapping[str, int], before: Machine | None, answers: Any
) -> dict[str, Any]:
    """counts: how many parameters each kind of part has, and "all". before: the same sentence without the edits, None where there are
    none. answers: `answer_value(...)` for the tokens that are told of at once."""
    config = machine.config
    about = {
        "run": machine.run.to_json(),
        "edits": [str(edit) for edit in machine.run.edits],
        "layers": config.n_layers,
        "heads": config.n_heads,
        "tokens": len(labels),
        "width": config.emb_dim,
        "head_width": config.head_dim,
        "vocabulary": config.vocab_size,
        "causal": machine.causal,
        "labels": [_label(label) for label in labels],
        "counts": dict(counts),
        "loss": machine.mean_loss,
        "loss_before": None if before is None else before.mean_loss,
        **_patterns_form(machine),
        "neurons": 0 if machine.neurons is None else machine.neurons.values.size(-1),
    }
    lengths = torch.cat([machine.lengths[name].reshape(-1) for name in LENGTHS])
    return {
        "about": json.dumps(about),
        "patterns": _patterns(machine, about["form"], about["pooled"]),
        "lengths": packed(lengths),
        "neurons": "" if machine.neurons is None else packed(machine.neurons.values),
        "numbers": "" if machine.neurons is None else packed(machine.neurons.numbers),
        "answers": json.dumps(answers),
    }


def answer_value(
    guesses: Sequence[Guesses], before: Sequence[Guesses], names: Mapping[int, TokenLabel], asked: Mapping[str, Any]
) -> dict[str, Any]:
    """What comes next, by token: now, and before the edits (empty where there are none). names: labels of all ids in them.

    asked: what it answers; the map asks again where it is another question.
    """
    return {
        "guesses": {guess.token: vars(guess) for guess in guesses},
        "before": {guess.token: vars(guess) for guess in before},
        "names": {token_id: _label(label) for token_id, label in names.items()},
        "asked": dict(asked),
    }


def rows_value(machine: Machine, token: int) -> dict[int, str]:
    """All heads' weights of one query, [L, H, T], where the picture's are pooled."""
    if machine.patterns is None or _patterns_form(machine)["form"] != "pooled":
        return {}
    return {token: packed(machine.patterns[:, :, token])}


def strips_value(strips: Sequence[Strip], layer: int, token: int, head: int) -> dict[str, Any]:
    """The inside of a layer at one token and head."""
    told = [
        {
            "site": strip.site,
            "layer": strip.layer,
            "index": strip.index,
            "shape": strip.shape,
            "parameters": strip.parameters,
            "share": strip.is_share,
            "values": packed(strip.values),
        }
        for strip in strips
    ]
    return {"layer": layer, "token": token, "head": head, "strips": told}


def _label(label: TokenLabel) -> list[Any]:
    return [label.text, token_tint(label.token_id), label.token_id]


def _patterns_form(machine: Machine) -> dict[str, Any]:
    """form: "exact" float32, "half" float16, "pooled" bytes or "none"; pooled: how many tokens, along each axis, a dot stands for."""
    if machine.patterns is None:
        return {"form": "none", "pooled": 1}
    n_layers, n_heads, T, _ = machine.patterns.shape
    n = n_layers * n_heads * (T * (T + 1) // 2 if machine.causal else T * T)
    if n <= MOST_HALF:
        return {"form": "exact" if n <= MOST_EXACT else "half", "pooled": 1}
    return {"form": "pooled", "pooled": -(-T // MOST_DOTS)}


def _patterns(machine: Machine, form: str, factor: int) -> str:
    """Row after row of each head; of a causal pass only the keys up to the query."""
    if machine.patterns is None:
        return ""
    weights = machine.patterns
    if form == "pooled":
        weights = F.max_pool2d(weights, factor, ceil_mode=True) if factor > 1 else weights
    if machine.causal:
        seen = torch.ones(weights.shape[-2:], dtype=torch.bool).tril()
        weights = weights[..., seen]
    if form == "pooled":
        return packed((weights * 255).round().to(torch.uint8))
    return packed(weights) if form == "exact" else _packed_half(weights)


def _packed_half(values: Tensor) -> str:
    """float16, two bytes each: uint8 in pairs."""
    return packed(np.frombuffer(values.numpy().astype("<f2").tobytes(), dtype=np.uint8))
