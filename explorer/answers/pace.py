"""How often the page is told of something that takes a while, and when it has taken long enough."""

from __future__ import annotations

import time


class Pace:
    """A clock that begins now. between: seconds from one telling to the next, so that the page has time to draw; at_most: in all."""

    def __init__(self, between: float, at_most: float) -> None:
        self._between, self._at_most = between, at_most
        self._began = self._told = time.monotonic()

    @property
    def seconds(self) -> float:
        """Since the beginning."""
        return time.monotonic() - self._began

    def out_of_time(self) -> bool:
        return self.seconds > self._at_most

    def due(self) -> bool:
        """Whether it is time to tell again; if it is, the time until the next telling counts from here."""
        now = time.monotonic()
        if now - self._told < self._between:
            return False
        self._told = now
        return True
