"""The models that sessions trained: of each run its moments by step, and the model at its end; the runs used longest ago go first.

Not safe between threads by itself: ModelRegistry holds its lock around every call.
"""

from __future__ import annotations

import re
import secrets
from collections import OrderedDict
from dataclasses import dataclass, field

from gpt2core import GPTModel, Pretrained

PREFIX = "trained-"
MOST_MOMENTS = 40  # of one run
_NAME = re.compile(r"(trained-[\w-]+)(?:@(\d+))?")


@dataclass
class _Run:
    moments: dict[int, Pretrained] = field(default_factory=dict)
    last: Pretrained | None = None

    def n_bytes(self) -> int:
        models = [*self.moments.values(), *([self.last] if self.last else [])]
        return sum(_bytes_of(model) for model in {id(one.model): one.model for one in models}.values())


class TrainedModels:
    """Bounded: at most `most_runs` runs, whose weights take at most `max_bytes`; what is used least recently is dropped, whole runs
    at once. The run used last stays in any case, of its moments those that find room, the first and the last among them."""

    def __init__(self, most_runs: int, max_bytes: int) -> None:
        self._most_runs, self._max_bytes = most_runs, max_bytes
        self._runs: OrderedDict[str, _Run] = OrderedDict()

    def new_run(self) -> str:
        """A name that nobody can guess."""
        name = f"{PREFIX}{secrets.token_urlsafe(12)}"
        self._runs[name] = _Run()
        self._make_room()
        return name

    def add_moment(self, run: str, step: int, model: Pretrained) -> str | None:
        """The name that opens the model of this moment; None if the run is no longer kept."""
        if run not in self._runs:
            return None
        moments = self._runs[run].moments
        moments[step] = model
        while len(moments) > 2 and (len(moments) > MOST_MOMENTS or self._runs[run].n_bytes() > self._max_bytes):
            del moments[_least_missed(sorted(moments))]
        self._runs.move_to_end(run)
        self._make_room()
        return moment_name(run, step)

    def end(self, run: str, model: Pretrained) -> None:
        """From now on the run's own name opens `model`."""
        if run in self._runs:
            self._runs[run].last = model
            self._make_room()

    def steps(self, run: str) -> list[int]:
        """After which updates a moment of this run is kept."""
        return sorted(self._runs[run].moments) if run in self._runs else []

    def forget(self, run: str) -> None:
        self._runs.pop(run, None)

    def get(self, name: str) -> Pretrained | None:
        """The model of this name, or None."""
        found = _NAME.fullmatch(name)
        run = self._runs.get(found[1]) if found else None
        if found is None or run is None:
            return None
        self._runs.move_to_end(found[1])
        return run.moments.get(int(found[2])) if found[2] else run.last

    def _make_room(self) -> None:
        while len(self._runs) > 1 and (len(self._runs) > self._most_runs or self._n_bytes() > self._max_bytes):
            self._runs.popitem(last=False)

    def _n_bytes(self) -> int:
        return sum(run.n_bytes() for run in self._runs.values())


def _least_missed(steps: list[int]) -> int:
    """The step, neither the first nor the last, whose neighbours are nearest to each other for how far the run had come."""
    places = range(1, len(steps) - 1)
    return steps[min(places, key=lambda at: (steps[at + 1] - steps[at - 1]) / (steps[at] + 1))]


def moment_name(run: str, step: int) -> str:
    return f"{run}@{step}"


def step_of(name: str) -> int | None:
    """Of which moment of its run a trained model's name tells; None for the run's end, and for other names."""
    found = _NAME.fullmatch(name)
    return int(found[2]) if found and found[2] else None


def run_of(name: str) -> str:
    """The run that a trained model's name belongs to; another name as it is."""
    found = _NAME.fullmatch(name)
    return found[1] if found else name


def _bytes_of(model: GPTModel) -> int:
    return sum(weight.numel() * weight.element_size() for weight in model.parameters())
