"""Runs, which sessions hold as keys, and the store of their traces."""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Collection
from dataclasses import dataclass

from explorer.store.models import ModelRegistry
from gpt2core import Trace, trace


@dataclass(frozen=True)
class RunKey:
    """One sentence read by one model: what a session remembers of what is on its screen."""

    model: str
    text: str
    token_ids: tuple[int, ...]

    def to_json(self) -> str:
        """For the browser to keep; Services.run reads and checks it again."""
        return json.dumps({"model": self.model, "text": self.text})


class TraceStore:
    """Traces by what was run, the least recently used dropped beyond `max_bytes`; a miss is computed again."""

    def __init__(self, models: ModelRegistry, max_bytes: int = 512 * 2**20) -> None:
        self._models, self._max_bytes = models, max_bytes
        self._lock = threading.Lock()
        self._traces: OrderedDict[tuple[RunKey, frozenset[str]], Trace] = OrderedDict()

    def get(self, run: RunKey, sites: Collection[str]) -> Trace:
        """The trace of `run` holding at least `sites`. Raises what gpt2core.trace raises, and UnknownModel."""
        wanted = frozenset(sites)
        with self._lock:
            for key, kept in self._traces.items():
                if key[0] == run and wanted <= key[1]:
                    self._traces.move_to_end(key)
                    return kept
        made = trace(self._models.get(run.model).model, run.token_ids, wanted)
        with self._lock:
            self._traces[run, wanted] = made
            while len(self._traces) > 1 and sum(kept.nbytes for kept in self._traces.values()) > self._max_bytes:
                self._traces.popitem(last=False)
        return made
