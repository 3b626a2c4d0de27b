"""Every head as a point: across what it adds directly, upward what is missing without it. Where the two agree it lies on one line."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import gradio as gr

from explorer.answers.all_heads import GROUPS, AllHeads, told_of
from explorer.answers.head_effect import SMALL
from explorer.catalogue import catalogue
from explorer.widgets.widget import widget

_SKELETON = """
<div class="plane">
  <p class="plane-title"></p>
  <p class="plane-read" role="status"></p>
  <div class="plane-grid" role="grid" tabindex="0">
    <svg aria-hidden="true"></svg>
    <div class="plane-row" role="row"><span role="gridcell"></span></div>
  </div>
  <ul class="plane-legend"></ul>
  <p class="plane-note"></p>
</div>
"""


def head_plane(elem_id: str, group: str) -> gr.HTML:
    """No heads; set it to `plane_value(...)`. Its event `pick` fires on a click, and on Enter at the head under the key cursor: `value.row`
    is its layer, `value.column` its head. group: of widgets/matrix, which light the same head together."""
    constants = {"words": catalogue("all_heads").sentences, "group": group, "small": SMALL}
    return widget(Path(__file__).parent, _SKELETON, constants, elem_id=elem_id)


def plane_value(found: AllHeads, title: str) -> dict[str, Any]:
    """Heads without an influence have no point. The picked head is left as it is."""
    points = [
        [
            None
            if not kind
            else {
                "adds": float(found.attributions[layer, head]),
                "missing": float(found.influences[layer, head]),
                "kind": GROUPS[kind],
            }
            for head, kind in enumerate(row)
        ]
        for layer, row in enumerate(found.judgements)
    ]
    told = [[told_of(found, layer, head) for head in range(len(row))] for layer, row in enumerate(points)]
    # one string, because Gradio wraps every object of a value in proxies
    return {"table": json.dumps({"points": points, "told": told, "limit": _rounded_up(found.limit), "title": title})}


def _rounded_up(limit: float) -> float:
    """The next of 1, 2, 5 times a power of ten that leaves the outermost points some room."""
    power = 10.0 ** math.floor(math.log10(limit * 1.05))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= limit * 1.05)
