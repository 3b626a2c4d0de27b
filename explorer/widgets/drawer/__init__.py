"""The drawer "Where does this number come from?": a number's formula and operands, each a link one step deeper, beside the figure.

It opens on the document event `number-asked`, { site, layer, index, from }, or { kind, index, ... } for a number that is no site
(explorer/answers/derived.py); { after, model } says of which other pass it is (explorer/answers/passes.py), { block } that the largest
of several is meant (explorer/answers/origins.py). from: the element that asked, which gets the focus back. With follow: true it is asked
for only where the drawer is open already. It tells `page-wish` to show a number where it lives, and marks the page with
html[data-drawer] while it is open, so that figures are laid out beside it (page/styles/drawer.css).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import gradio as gr

from explorer.catalogue import catalogue
from explorer.widgets.widget import widget

_SKELETON = """
<aside class="drawer" role="complementary" tabindex="-1" data-beside hidden>
  <div class="top"><h2 class="heading"></h2><button type="button" class="close">✕</button></div>
  <nav class="trail"><button type="button" class="back"></button><ol class="crumbs" tabindex="0"></ol></nav>
  <p class="spoken" role="status" aria-live="polite"></p>
  <div class="number"></div>
</aside>
"""


def drawer(elem_id: str) -> gr.HTML:
    """Closed. Its event `submit` fires when a number is wanted: value is then {"n", "run", "place"}, n counting the questions; answer with
    `answered(...)` or `not_there(...)`. Closed, it asks nothing."""
    constants = {"words": catalogue("drawer").sentences}
    return widget(Path(__file__).parent, _SKELETON, constants, elem_id=elem_id)


def answered(n: Any, origin: Mapping[str, Any]) -> dict[str, Any]:
    """origin: as answers.origins.origin_of gives it. n: the question's number, as it was sent."""
    return {"told": n, "origin": dict(origin)}


def not_there(n: Any, why: str) -> dict[str, Any]:
    return {"told": n, "why": why}
