"""Every token of a vocabulary as a point: dragged, zoomed, turned, searched and coloured in the browser.

The points come through a widgets/exchange, for they change with the model and the layout, not with the sentence. Dots are painted into
pixels (raster.js): tens of thousands of them move with the finger on a plain canvas.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
from torch import Tensor

from explorer.answers.vocabulary import MOST_COMPONENTS, Near, Picture, Vocabulary
from explorer.catalogue import catalogue
from explorer.page.theme import token_tint
from explorer.widgets.widget import packed, widget

_SKELETON = """
<div class="vm">
  <div class="vm-top"><div class="vm-searching"></div><div class="vm-tools"></div></div>
  <div class="vm-stage">
    <div class="vm-grid main-figure" role="application" tabindex="0">
      <canvas class="vm-picture" aria-hidden="true"></canvas><canvas class="vm-marks" aria-hidden="true"></canvas>
    </div>
    <div class="vm-corner"></div>
    <div class="vm-missing"><p class="vm-missing-told"></p></div>
  </div>
  <div class="vm-ages"></div>
  <p class="vm-read" role="status" aria-live="polite"></p>
  <div class="vm-legend"></div>
  <div class="vm-below"><span class="vm-histories"></span></div>
  <p class="vm-keys"></p>
</div>
"""


def vocabulary_map(elem_id: str, exchange_name: str, focus_name: str) -> gr.HTML:
    """An empty map; set it to `sentence_value(...)` whenever the sentence or the picked token changes, to `growing_value(...)` while a
    t-SNE grows. exchange_name: of the widgets/exchange that answers `map_answer(...)`; focus_name: of the one that is told which token
    was picked on it, {"id": None for the sentence's own, "history"}.

    Its event `submit` asks for a t-SNE: value.start names the history it is of.
    """
    constants = {
        "words": catalogue("vocabulary").sentences,
        "exchange": exchange_name,
        "focus_exchange": focus_name,
        "most_components": MOST_COMPONENTS,
    }
    return widget(Path(__file__).parent, _SKELETON, constants, elem_id=elem_id)


def map_answer(
    asked: Mapping[str, Any], picture: Picture, vocabulary: Vocabulary | None, source: str
) -> dict[str, Any]:
    """source: names the vocabulary; vocabulary: None where the browser has it already."""
    answer = {
        "asked": dict(asked),
        "source": source,
        "n": picture.points.size(1),
        "ages": [age.title for age in picture.ages],
        "points": packed(picture.points),
        "shares": None if picture.shares is None else picture.shares.tolist(),
        "told": picture.told,
    }
    if vocabulary is None:
        return answer
    return answer | {
        "texts": [label.text for label in vocabulary.labels],
        "tints": packed(_bytes([token_tint(label.token_id) for label in vocabulary.labels])),
        "kinds": packed(_bytes(vocabulary.kinds)),
        "spaces": packed(_bytes(vocabulary.spaces)),
        "letters": packed(_bytes(vocabulary.letters)),
        "counts": None if vocabulary.counts is None else packed(vocabulary.counts),
    }


def _bytes(numbers: Sequence[int]) -> np.ndarray:
    return np.array(numbers, dtype=np.uint8)


def sentence_value(
    token_ids: Sequence[int], model: str, history: str, token_id: int, near: Sequence[Near]
) -> dict[str, str]:
    """The sentence's tokens; near: to the token that is picked, one an age."""
    told = {
        "id": token_id,
        "model": model,
        "history": history,
        "near": [{"ids": one.ids, "values": one.values} for one in near],
    }
    # strings, because Gradio wraps every object of a value in proxies
    return {"tokens": json.dumps(list(token_ids)), "near": json.dumps(told)}


def growing_value(source: str, points: Tensor | None) -> dict[str, str]:
    """points [N, 3]: of a t-SNE so far; None once it is kept, to be asked for."""
    told = {"source": source, "over": points is None, "points": "" if points is None else packed(points)}
    return {"growing": json.dumps(told)}
