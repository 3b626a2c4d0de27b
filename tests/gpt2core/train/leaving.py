"""One of two processes that compute together and leave, the second before the group's threads have done their last work.

A program of its own: `python -m tests.gpt2core.train.leaving end|refusal`, with torchrun's variables in the environment.
"""

from __future__ import annotations

import atexit
import ctypes
import importlib
import sys
import time
from pathlib import Path

# The interpreter's very last step before it closes (handlers run in reverse order): hold its lock until the other process has
# answered, so that a thread of the group that is still there asks for the lock and finds a closing interpreter.
atexit.register(ctypes.PyDLL(None).sleep, 3)

import torch
import torch.distributed as dist
from torch import nn

from gpt2core.errors import NotFinite
from gpt2core.train.distributed import Team, assembled


def train(team: Team, *, refused: bool) -> None:
    module = team.joined(nn.Linear(2, 2))
    importlib.import_module(
        "torch.distributed.nn.functional"
    )  # as torch's compiler does, when an optimizer first steps
    module(torch.ones(1, 2)).sum().backward()
    if team.is_first:
        time.sleep(1)
    _reduced().wait() if team.is_first else _reduced()
    if refused:
        raise NotFinite("The loss became nan.")


def _reduced() -> dist.Work:
    return dist.all_reduce(torch.ones(1), async_op=True)


def threads() -> list[str]:
    """Names of this process's threads, as Linux tells them."""
    return [(task / "comm").read_text().strip() for task in Path("/proc/self/task").iterdir()]


def main(ending: str) -> None:
    try:
        with assembled() as team:
            train(team, refused=ending == "refusal")
    except NotFinite as error:
        print(error)
    print(*threads(), sep="\n")


if __name__ == "__main__":
    main(sys.argv[1])
