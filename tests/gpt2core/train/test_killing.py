"""kill -9 leaves no mark."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

ROOT = Path(__file__).parents[3]
N_KILLS = 20


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork processes, so it has no kill -9 either")
def test_whenever_a_run_of_two_phases_is_killed_its_files_open_and_it_ends_like_one_that_was_not(
    tmp_path: Path,
) -> None:
    text = tmp_path / "text.txt"
    text.write_text("".join(f"Day {day}: the cat sat on mat number {day % 7}.\n" for day in range(200)))
    ended = subprocess.run(
        [sys.executable, "-m", "tests.gpt2core.train.killing", str(N_KILLS), str(text), str(tmp_path)],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    told = json.loads(ended.stdout)
    assert len(told["steps"]) == N_KILLS
    assert any(0 < step < 18 for step in told["steps"])
    assert any(18 < step < 40 for step in told["steps"])

    whole = tmp_path / "whole"
    for run in map(Path, told["runs"]):
        for name in (
            "model.safetensors",
            "training.safetensors",
            "step-00000/model.safetensors",
            "step-00020/model.safetensors",
        ):
            ours, theirs = load_file(whole / name), load_file(run / name)
            assert ours.keys() == theirs.keys()
            assert all(torch.equal(tensor, theirs[key]) for key, tensor in ours.items()), name
        logs = [
            [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()] for folder in (whole, run)
        ]
        for name in ("step", "phase", "loss_nats", "val_loss_nats", "sample"):
            assert [line[name] for line in logs[0]] == [line[name] for line in logs[1]]
        assert list(run.rglob(".*.partial")) == []
