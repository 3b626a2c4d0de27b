"""The runs that pages train: each known by a name that nobody can guess, so that a page loaded anew finds its own again."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, field

from explorer.answers.training import Progress, TrainingRun, Wishes
from explorer.answers.watching import Watch

MOST_RUNS = 64  # of which the curves are kept
MOST_WAITING = 8  # left by their pages or paused, and still able to go on
MAX_WAIT_SECONDS = 1_800


@dataclass
class LiveRun:
    """One run. name: what opens its model at the end, and takes the run up again. run: None once it cannot go on any more. driver:
    held by the one page that lets it train. is_paused: a person wanted it so. outcome: how it ended, in words. watch: on what its
    page looks meanwhile."""

    name: str
    progress: Progress
    text: str
    run: TrainingRun | None
    wishes: Wishes = field(default_factory=Wishes)
    driver: threading.Lock = field(default_factory=threading.Lock)
    started: bool = False
    is_paused: bool = False
    outcome: str = ""
    watch: Watch | None = None
    touched: float = field(default_factory=time.monotonic)

    @property
    def can_go_on(self) -> bool:
        return self.run is not None and not self.progress.end and not self.wishes.stop.is_set()

    def end(self) -> None:
        """Keep what was seen; the trainer and its optimizer make room."""
        self.run = None


class LiveRuns:
    """Bounded; safe between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._runs: OrderedDict[str, LiveRun] = OrderedDict()

    def add(self, live: LiveRun) -> None:
        with self._lock:
            self._runs[live.name] = live
            self._make_room()

    def get(self, name: str) -> LiveRun | None:
        with self._lock:
            live = self._runs.get(name)
            if live is not None:
                live.touched = time.monotonic()
                self._runs.move_to_end(name)
            self._make_room()
            return live

    def forget(self, name: str) -> None:
        with self._lock:
            self._runs.pop(name, None)

    def _make_room(self) -> None:
        while len(self._runs) > MOST_RUNS:
            self._drop(next(iter(self._runs)))
        left = [live for live in self._runs.values() if live.run is not None and not live.driver.locked()]
        too_many = left[: max(0, len(left) - MOST_WAITING)]
        too_old = [live for live in left if time.monotonic() - live.touched > MAX_WAIT_SECONDS]
        for live in {id(one): one for one in [*too_many, *too_old]}.values():
            live.end()

    def _drop(self, name: str) -> None:
        live = self._runs.pop(name)
        live.wishes.stop.set()
