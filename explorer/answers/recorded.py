"""A run recorded earlier, shown until a person trains a model of their own.

python -m explorer.answers.recorded    trains the standard recipe on assets/sample.txt and writes assets/recorded_run.json
"""

from __future__ import annotations

import hashlib
import json
import sys
from dataclasses import asdict
from pathlib import Path

from explorer.answers.recipe import Recipe
from explorer.answers.training import SAMPLE_FILE, Progress, Sample, TrainingRun, Wishes, sample_text

RECORDED_FILE = SAMPLE_FILE.parent / "recorded_run.json"


def sample_sha256() -> str:
    """Of the text that the recorded run was trained on."""
    return hashlib.sha256(SAMPLE_FILE.read_bytes()).hexdigest()


def recorded_run(path: Path = RECORDED_FILE) -> Progress:
    """The run as it was, to four decimals."""
    kept = json.loads(path.read_text(encoding="utf-8"))["run"]
    for name in ("train", "held_out"):
        kept[name] = [(step, loss) for step, loss in kept[name]]
    kept["samples"] = [Sample(**sample) for sample in kept["samples"]]
    return Progress(**{**kept, "recipe": Recipe(**kept["recipe"])})


def write(progress: Progress, path: Path = RECORDED_FILE) -> None:
    run = asdict(progress)
    for name in ("train", "held_out"):
        run[name] = [(step, round(loss, 4)) for step, loss in run[name]]
    for name in ("rates", "gradient_norms", "times"):
        run[name] = [float(f"{value:.4g}") for value in run[name]]
    for name in ("seconds", "seconds_left", "tokens_per_second"):
        run[name] = round(run[name], 1)
    about = {"text": SAMPLE_FILE.name, "text_sha256": sample_sha256(), "run": run}
    path.write_text(json.dumps(about, ensure_ascii=False) + "\n", encoding="utf-8")


def main() -> int:
    *_, last = TrainingRun(sample_text(), Recipe()).ticks(Wishes())
    write(last)
    return 0 if last.end == "finished" else 1


if __name__ == "__main__":
    sys.exit(main())
