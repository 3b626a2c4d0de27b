"""What was computed once of a model's tables and takes a while: principal components, maps of the vocabulary."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any


class LayoutStore:
    """By key, the least recently used dropped beyond `most`. Keys begin with the model's name, which stands for the same weights always."""

    def __init__(self, most: int = 48) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._kept: OrderedDict[Hashable, Any] = OrderedDict()

    def get(self, key: Hashable) -> Any | None:
        """None where it is not kept."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def put(self, key: Hashable, value: Any) -> None:
        with self._lock:
            self._kept[key] = value
            self._kept.move_to_end(key)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)

    def of(self, key: Hashable, compute: Callable[[], Any]) -> Any:
        """What is kept under `key`, or what `compute` returns, kept from now on."""
        found = self.get(key)
        if found is None:
            found = compute()
            self.put(key, found)
        return found
