"""Tokens in a list, each with a number and a bar: what a token looks at, or which tokens are like it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from explorer.catalogue import catalogue
from explorer.page.theme import token_tint
from explorer.widgets.widget import widget
from explorer.wording.text import TokenLabel

say = catalogue("token_bars")


def token_bars(elem_id: str, *, pinnable: bool = False) -> gr.HTML:
    """An empty list; set it to `bar_rows(...)`. pinnable: a click or Enter on a token fires the event `pick`, and `value.names` is then how
    the token may be written, as `pins` of `bar_rows` said."""
    skeleton = '<figure class="token-bars"><figcaption></figcaption><ol tabindex="0"></ol></figure>'
    constants = {"words": catalogue("token_bars").sentences, "pinnable": pinnable}
    return widget(Path(__file__).parent, skeleton, constants, elem_id=elem_id)


def bar_rows(
    labels: Sequence[TokenLabel],
    notes: Sequence[str],
    values: Sequence[float],
    shown: Sequence[str],
    caption: str = "",
    origins: Sequence[Mapping[str, Any]] | None = None,
    full: float = 1.0,
    pins: Sequence[tuple[Sequence[str], bool]] | None = None,
) -> dict[str, Any]:
    """A row a token: its label, a short note (its position or id), a bar as long as `value` (`full` fills the line; below 0 it
    is red), and the value as a person reads it. origins: of each row, what the page is told as `number-asked` when its value is pressed
    (widgets/drawer); None where the values are no numbers of the run. pins: of each row, of a list that is pinnable, how its token may be
    written, and whether it is pinned."""
    rows = [
        {
            "text": label.text,
            "tint": token_tint(label.token_id),
            "note": note,
            "value": value,
            "part": value / full,
            "shown": text,
        }
        for label, note, value, text in zip(labels, notes, values, shown, strict=True)
    ]
    for row, origin in zip(rows, origins or (), strict=origins is not None):
        row["origin"] = dict(origin)
    for row, (names, pinned) in zip(rows, pins or (), strict=pins is not None):
        row["pin"] = {"names": list(names), "pinned": pinned}
    # one string, because Gradio wraps every object of a value in proxies
    return {
        "rows": json.dumps(rows, ensure_ascii=False),
        "caption": caption,
        "columns": [say(name) for name in ("shared_token", "note", "value")],
    }


def bar_sheets(lists: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Lists of all layers, `bar_rows` each, sent together: the one of the page's layer is shown, and another comes without asking the server."""
    sheets = [{"rows": json.loads(one["rows"]), "about": one["caption"]} for one in lists]
    return {"sheets": json.dumps(sheets, ensure_ascii=False), "columns": lists[0]["columns"]}
