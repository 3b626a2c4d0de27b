"""Runs, which sessions hold as keys, and the store of their traces."""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from explorer.store.models import ModelRegistry
from gpt2core import Trace, trace
from gpt2core.edits import Edit
from gpt2core.notation import NamedEdit, write_edits

# Of all traces together. The patterns of 1,024 tokens in 12 x 12 heads are 600 MB, what the tabs ask for besides as much again.
MAX_BYTES = 1536 * 2**20


@dataclass(frozen=True)
class RunKey:
    """One sentence read by one model, changed by `edits`: what a session remembers of what is on its screen."""

    model: str
    text: str
    token_ids: tuple[int, ...]
    edits: tuple[NamedEdit, ...] = ()

    @property
    def edits_text(self) -> str:
        """The edits in the notation of links: "head:2.5,mlp:3"."""
        return write_edits(self.edits)

    @property
    def pass_edits(self) -> list[Edit]:
        """The edits as gpt2core's trace, generate and the rest take them."""
        return [edit.edit() for edit in self.edits]

    def to_json(self) -> str:
        """For the browser to keep; Services.run reads and checks it again."""
        # as the browser writes it too (widgets/page_state/runs.js)
        return json.dumps({"model": self.model, "text": self.text, "edits": self.edits_text}, separators=(",", ":"))


@dataclass
class _Entry:
    """What is kept of one run. lock: held while it is computed, so that equal questions at the same time cost one pass."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    trace: Trace | None = None


class TraceStore:
    """Traces by what was run, the least recently used dropped beyond `max_bytes`; a miss is computed again.

    What a run is asked for later is added to what is kept of it: the pass is made again for the missing sites alone.
    """

    def __init__(self, models: ModelRegistry, max_bytes: int = MAX_BYTES) -> None:
        self._models, self._max_bytes = models, max_bytes
        self._lock = threading.Lock()
        self._entries: OrderedDict[RunKey, _Entry] = OrderedDict()

    def get(self, run: RunKey, sites: Collection[str]) -> Trace:
        """The trace of `run` holding at least `sites`. Raises what gpt2core.trace raises, and UnknownModel."""
        wanted = frozenset(sites)
        with self._lock:
            entry = self._entries.setdefault(run, _Entry())
            self._entries.move_to_end(run)
        with entry.lock:
            kept = entry.trace
            missing = wanted if kept is None else wanted - {site for site, _ in kept}
            if kept is None or missing:
                try:
                    made = self._computed(run, missing)
                except Exception:
                    self._forget_if_empty(run, entry)
                    raise
                entry.trace = kept = made if kept is None else _joined(kept, made)
        self._bound()
        return kept

    @property
    def nbytes(self) -> int:
        """How much is kept."""
        with self._lock:
            return sum(entry.trace.nbytes for entry in self._entries.values() if entry.trace is not None)

    def _computed(self, run: RunKey, sites: Collection[str]) -> Trace:
        return trace(self._models.get(run.model).model, run.token_ids, sites, run.pass_edits)

    def _forget_if_empty(self, run: RunKey, entry: _Entry) -> None:
        with self._lock:
            if entry.trace is None and self._entries.get(run) is entry:
                del self._entries[run]

    def _bound(self) -> None:
        """Drop the least recently used beyond max_bytes, but never the last one: somebody is looking at it."""
        with self._lock:
            sizes = {run: entry.trace.nbytes for run, entry in self._entries.items() if entry.trace is not None}
            total = sum(sizes.values())
            for run, nbytes in sizes.items():
                if total <= self._max_bytes or len(self._entries) <= 1:
                    return
                del self._entries[run]
                total -= nbytes


def _joined(kept: Trace, added: Trace) -> Trace:
    return replace(
        kept,
        values=MappingProxyType({**kept.values, **added.values}),
        replaced=MappingProxyType({**kept.replaced, **added.replaced}),
    )
