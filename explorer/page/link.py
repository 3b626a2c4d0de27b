"""What a link to the page opens: sentence, model, cursor and tab. cursor.js writes such links into the address bar."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from explorer.widgets.cursor import PARTS


@dataclass(frozen=True)
class Link:
    """None where the address says nothing. positions: those of the cursor that are whole numbers; not yet checked against a model."""

    text: str | None
    model: str | None
    tab: str | None
    positions: dict[str, int]


def read_link(query: Mapping[str, str], tabs: list[str]) -> Link:
    """The link in an address's query. An unknown tab or a position that is no number is left out; text and model are data."""
    tab = query.get("tab")
    positions = {
        part: int(query[part]) for part in PARTS if query.get(part, "").isascii() and query.get(part, "").isdigit()
    }
    return Link(query.get("text"), query.get("model"), tab if tab in tabs else None, positions)
