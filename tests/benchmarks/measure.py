"""Clocks and memory. A contender is a function that does one piece of work; contenders take turns, so that noise hits all alike."""

from __future__ import annotations

import gc
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

Work = Callable[[], object]


def median_seconds(
    contenders: Mapping[str, Work], rounds: int, clock: Callable[[], float] = time.perf_counter
) -> dict[str, float]:
    """Every contender once to warm up, then `rounds` times in turn. clock: time.process_time where others load the machine."""
    for work in contenders.values():
        work()
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, work in contenders.items():
            began = clock()
            work()
            seconds[name].append(clock() - began)
    return {name: statistics.median(taken) for name, taken in seconds.items()}


def peak_here(work: Work) -> float:
    """The most memory this process holds while it works twice, in MiB; what building left behind is not counted."""
    gc.collect()
    status = Path("/proc/self/status")
    Path("/proc/self/clear_refs").write_text("5")  # Linux: start the high-water mark afresh
    work()
    work()
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def peak_alone(name: str, threads: int) -> float | None:
    """peak_here of one contender in a process of its own; None where the system does not tell."""
    command = [sys.executable, "-m", "tests.benchmarks", "--peak-of", name, "--threads", str(threads)]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    return float(finished.stdout) if finished.returncode == 0 else None
