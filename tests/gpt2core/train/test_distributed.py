"""Two processes on this machine, started as a person starts them, against one."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from gpt2core.errors import InvalidSetting
from gpt2core.train.__main__ import main
from gpt2core.train.distributed import Team

# no bias on keys: it moves all scores of a query alike, so its gradient is rounding and AdamW makes a step of any rounding
SETTINGS = [
    *("--vocab-size", "300", "--context-length", "16", "--emb-dim", "16", "--n-heads", "2", "--n-layers", "2", "--no-qkv-bias"),
    *("--steps", "6", "--batch-size", "8", "--learning-rate", "1e-3", "--warmup-steps", "2", "--eval-every", "3"),
    *("--sample-every", "3", "--sample-tokens", "2", "--device", "cpu", "--threads", "1"),
]  # fmt: skip


@pytest.fixture
def text(tmp_path: Path) -> Path:
    path = tmp_path / "text.txt"
    path.write_text("".join(f"Day {day}: the cat sat on mat number {day % 7}.\n" for day in range(300)))
    return path


def torchrun(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2", "-m", "gpt2core.train", *command],
        env={**os.environ, "OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )  # fmt: skip


def test_two_processes_in_two_parts_each_end_like_one_with_the_same_batch_and_one_of_them_writes(
    text: Path, tmp_path: Path
) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    assert main(["--text", str(text), "--out", str(one), *SETTINGS]) == 0
    ended = torchrun("--text", str(text), "--out", str(two), *SETTINGS, "--accumulation-steps", "2")
    assert ended.returncode == 0, ended.stderr

    alone, together = (load_file(folder / "model.safetensors") for folder in (one, two))
    for name, weight in alone.items():
        torch.testing.assert_close(together[name], weight, rtol=0, atol=1e-5, msg=name)
    logs = [[json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()] for folder in (one, two)]
    assert len(logs[1]) == 6  # a line an update, not two
    for ours, theirs in zip(*logs, strict=True):
        for name in ("loss_nats", "val_loss_nats", "gradient_norm"):
            assert theirs[name] == (None if ours[name] is None else pytest.approx(ours[name], abs=1e-5)), name
        assert ours["tokens_seen"] == theirs["tokens_seen"]
    assert ended.stdout.count("kept for validation") == 1


@pytest.mark.skipif(sys.platform != "linux", reason="threads are told by /proc")
@pytest.mark.parametrize("ending", ["end", "refusal"])
def test_no_thread_of_the_group_outlives_it_so_none_aborts_a_process_that_is_leaving(ending: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    shared = {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "TORCHELASTIC_RUN_ID": "test"}
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.gpt2core.train.leaving", ending],
            env={**os.environ, **shared, "RANK": str(rank), "OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for rank in range(2)
    ]
    told = [process.communicate(timeout=120)[0] for process in started]
    assert [process.returncode for process in started] == [0, 0], told
    assert not any("gloo" in line for text in told for line in text.splitlines()), told


def test_the_shares_of_a_batch_are_the_batch_and_none_overlaps() -> None:
    batch = torch.arange(24).view(12, 2)
    shares = [Team(rank, 3).share(batch) for rank in range(3)]
    assert torch.equal(torch.cat(shares), batch)
    assert {len(share) for share in shares} == {4}


def test_a_batch_that_cannot_be_shared_equally_is_refused_with_one_that_can() -> None:
    with pytest.raises(InvalidSetting, match="multiple of 6"):
        Team(0, 3).check(16, 2)
    Team(0, 3).check(12, 2)
