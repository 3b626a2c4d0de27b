"""Train, kill -9 at a random moment, look at what lies on the disk, resume; again and again.

A program of its own: it loads torch once and forks a child for every attempt, before any thread was started.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from pathlib import Path

from gpt2core import gpt2_tokenizer, load_pretrained
from gpt2core.train.__main__ import main
from gpt2core.train.loop import saved_config
from gpt2core.train.plot import loss_figure

FLAGS = [
    *("--vocab-size", "300", "--context-length", "24", "--emb-dim", "16", "--n-heads", "2", "--n-layers", "2"),
    *("--drop-rate", "0.2", "--batch-size", "4", "--save-every", "3", "--snapshots-at", "0,20"),
    *("--phase", "steps=18,window=12,exercises=0.5,warmup-steps=3", "--phase", "steps=22,exercises=0.2"),
    *("--eval-every", "10", "--sample-every", "20", "--sample-tokens", "2", "--device", "cpu", "--threads", "1"),
]  # fmt: skip


def started(text: Path, out: Path) -> int:
    """A child that trains in `out`, or goes on there if it can; its process id."""
    child = os.fork()
    if child:
        return child
    resume = ["--resume"] if (out / "training.safetensors").exists() else []
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    try:
        code = main(["--text", str(text), "--out", str(out), *FLAGS, *resume])
    except BaseException as error:  # the child must never run on into the parent's code
        os.write(2, repr(error).encode())
        code = 1
    os._exit(code)


def look(out: Path) -> int:
    """Open everything that a reader could find; the number of steps in the log."""
    if (out / "training.safetensors").exists():
        saved_config(out / "training.safetensors")
    for weights in out.rglob("model.safetensors"):
        load_pretrained(weights.parent)
    return logged(out)


def logged(out: Path) -> int:
    return (out / "log.jsonl").read_bytes().count(b"\n") if (out / "log.jsonl").exists() else 0


def killed(child: int, out: Path, chance: random.Random) -> bool:
    """Kill -9 after up to 9 more steps and up to 20 ms, which may be before the first, between two, or while files are written;
    False if the run ended before that."""
    enough = logged(out) + chance.randrange(10)
    while logged(out) < enough:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            assert os.waitstatus_to_exitcode(status) == 0
            return False
        time.sleep(0.001)
    time.sleep(chance.uniform(0, 0.02))
    os.kill(child, signal.SIGKILL)  # one that has ended keeps its number until it is waited for
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code in (0, -signal.SIGKILL), code
    return code != 0


def kill_until(n_kills: int, text: Path, folder: Path) -> dict[str, list]:
    """Runs in folders of their own, killed and resumed until they end; {"runs": their folders, "steps": logged at each kill}."""
    gpt2_tokenizer(300)
    loss_figure([], 300)  # loads the library
    assert os.waitstatus_to_exitcode(os.waitpid(started(text, folder / "whole"), 0)[1]) == 0
    chance, runs, steps = random.Random(0), [], []
    while len(steps) < n_kills:
        out = folder / f"killed-{len(runs)}"
        runs.append(str(out))
        while len(steps) < n_kills and killed(started(text, out), out, chance):
            steps.append(look(out))
    assert os.waitstatus_to_exitcode(os.waitpid(started(text, out), 0)[1]) == 0
    return {"runs": runs, "steps": steps}


if __name__ == "__main__":
    json.dump(kill_until(int(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3])), sys.stdout)
