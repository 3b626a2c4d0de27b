"""GPT-2's download: one for the whole server, however many people wait for it. It ends when nobody waits any more."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from explorer.catalogue import catalogue
from explorer.store.models import GPT2
from gpt2core.errors import DownloadStopped
from gpt2core.foreign import hub

SECONDS_BETWEEN_UPDATES = 0.3
MAX_SECONDS = 3600.0


@dataclass
class Arrival:
    """How many bytes are here, and of how many; 0 of 0 until the other side has answered."""

    have: int = 0
    size: int = 0


class _Job:
    def __init__(self) -> None:
        self.arrival = Arrival()
        self.n_waiting = 0
        self.stop, self.finished = threading.Event(), threading.Event()
        self.error: Exception | None = None


class Download:
    """fetch(progress) brings the model; it calls progress(have, size) as bytes arrive, which ends it by raising."""

    def __init__(self, fetch: Callable[[hub.Progress], Any] | None = None, *, max_seconds: float = MAX_SECONDS) -> None:
        self._fetch = fetch or (lambda progress: hub.downloaded(GPT2, progress))
        self._max_seconds = max_seconds
        self._lock = threading.Lock()
        self._job: _Job | None = None

    def follow(self) -> Iterator[Arrival]:
        """Join the download, or begin it, and tell how far it is until the model is here. Close it to wait no longer.

        Raises: DownloadFailed and its kin, as gpt2core's hub does.
        """
        job = self._join()
        try:
            yield job.arrival
            while not job.finished.wait(SECONDS_BETWEEN_UPDATES):
                yield job.arrival
        finally:
            self._leave(job)
        if job.error is not None:
            raise job.error

    def _join(self) -> _Job:
        with self._lock:
            if self._job is None or self._job.finished.is_set() or self._job.stop.is_set():
                self._job = _Job()
                threading.Thread(target=self._work, args=[self._job], daemon=True).start()
            self._job.n_waiting += 1
            return self._job

    def _leave(self, job: _Job) -> None:
        with self._lock:
            job.n_waiting -= 1
            if job.n_waiting == 0:
                job.stop.set()

    def _work(self, job: _Job) -> None:
        began, say = time.monotonic(), catalogue("models")

        def arrived(have: int, size: int) -> None:
            job.arrival = Arrival(have, size)
            if job.stop.is_set():
                raise DownloadStopped(say("halted"))
            if time.monotonic() - began > self._max_seconds:
                raise DownloadStopped(say("too_slow", minutes=self._max_seconds / 60))

        try:
            self._fetch(arrived)
        except Exception as error:  # told to those who wait, not to the log
            job.error = error
        finally:
            job.finished.set()
