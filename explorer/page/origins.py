"""The drawer that tells where a number comes from, and its one handler."""

from __future__ import annotations

from typing import Any

from explorer.answers.origins import origin_of
from explorer.page.events import QUICK
from explorer.page.guard import in_words
from explorer.page.wiring import Page
from explorer.widgets.drawer import answered, drawer, not_there


def build_drawer(page: Page) -> None:
    """Lay it out after the tabs, closed, and wire it. It sends along which run is on screen."""
    shown = drawer("drawer")

    def answer(asked: Any) -> dict[str, Any]:
        given = asked if isinstance(asked, dict) else {}
        try:
            origin = origin_of(page.services, page.services.run(given.get("run", "")), given.get("place"))
        except Exception as error:
            return not_there(given.get("n"), in_words(error))
        return answered(given.get("n"), origin)

    shown.submit(answer, shown, shown, trigger_mode="always_last", **QUICK)
