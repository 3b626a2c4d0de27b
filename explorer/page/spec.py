"""What a tab is, and how tabs are found."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from explorer import tabs

if TYPE_CHECKING:
    from explorer.page.wiring import TabContext


@dataclass(frozen=True)
class TabSpec:
    """title: what the tab is called. order: its place, from the left. build: lays it out and wires it.

    id: its name in links, which is the name of its module.
    """

    title: str
    order: int
    build: Callable[[TabContext], None]
    id: str = field(default="", kw_only=True)


def find_tabs() -> list[TabSpec]:
    """TAB of every module in explorer/tabs, from left to right."""
    names = [found.name for found in pkgutil.iter_modules(tabs.__path__)]
    found = (replace(importlib.import_module(f"{tabs.__name__}.{name}").TAB, id=name) for name in names)
    return sorted(found, key=lambda tab: tab.order)
