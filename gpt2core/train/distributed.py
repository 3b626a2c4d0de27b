"""Several processes, one training run: PyTorch's own data parallelism, started by torchrun.

Every process holds the whole model and takes its share of every batch; gradients are averaged before each update, so all
copies stay equal and the result is that of one process with the same batch, up to rounding.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import traceback
from collections.abc import Iterator
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from gpt2core.errors import InvalidSetting


@dataclass(frozen=True)
class Team:
    """This process (`rank`, from 0) among `size`, and the device it computes on."""

    rank: int = 0
    size: int = 1
    device: torch.device = torch.device("cpu")  # noqa: RUF009 (immutable)

    @property
    def is_first(self) -> bool:
        """Only the first process writes files, checks and samples."""
        return self.rank == 0

    def check(self, batch_size: int, accumulation_steps: int) -> None:
        """Raises: InvalidSetting unless every process gets the same number of windows in every part."""
        if batch_size % (self.size * accumulation_steps):
            parts = f" of {accumulation_steps} parts each" if accumulation_steps > 1 else ""
            raise InvalidSetting(
                "A batch of {n} windows cannot be shared equally by {n_processes} processes{parts}; "
                "choose a batch size that is a multiple of {multiple}.",
                n=batch_size,
                n_processes=self.size,
                parts=parts,
                multiple=self.size * accumulation_steps,
            )

    def share(self, batch: Tensor) -> Tensor:
        """The part of a batch [B, T] that is this process's own; the parts of all, one below the other, are the batch."""
        return batch.chunk(self.size)[self.rank]  # [B / size, T]

    def joined(self, loss: nn.Module) -> nn.Module:
        """The same module, with its gradients averaged over all processes at every backward pass."""
        return DistributedDataParallel(loss, forward_sync_buffers=False) if self.size > 1 else loss

    def sums_gradients(self, loss: nn.Module, *, now: bool) -> contextlib.AbstractContextManager[None]:
        """Around a backward pass: let gradients travel `now`, or keep them here until a later one."""
        return loss.no_sync() if isinstance(loss, DistributedDataParallel) and not now else contextlib.nullcontext()

    def mean(self, value: float) -> float:
        """The mean of every process's `value`."""
        if self.size == 1:
            return value
        total = torch.tensor(value, dtype=torch.float64, device=self.device)
        dist.all_reduce(total)
        return total.item() / self.size


ALONE = Team()


@contextlib.contextmanager
def assembled(device: str = "cpu") -> Iterator[Team]:
    """The processes that torchrun started, connected while the context lasts; a team of one where it did not.

    device: "cpu", "cuda" (each process its own) or "auto". Raises: InvalidSetting where there is no such device.
    """
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    if device == "cuda" and not torch.cuda.is_available():
        raise InvalidSetting("There is no GPU that PyTorch can use here; choose --device cpu.")
    place = torch.device(device, int(os.environ.get("LOCAL_RANK", "0"))) if device == "cuda" else torch.device("cpu")
    if place.type == "cuda":
        torch.cuda.set_device(place)
    if not dist.is_torchelastic_launched():  # that is, by torchrun
        yield Team(device=place)
        return
    # Its functions keep the group that stands when it is imported as a default argument, for good; torch's compiler, and so
    # an optimizer, imports it late. Imported first, it keeps none.
    importlib.import_module("torch.distributed.nn.functional")
    dist.init_process_group("nccl" if place.type == "cuda" else "gloo")
    try:
        yield Team(dist.get_rank(), dist.get_world_size(), place)
    except BaseException as error:
        traceback.clear_frames(error.__traceback__)  # they hold the trainer, and it the group
        raise
    finally:
        dist.destroy_process_group()
        # That lets go of the group, whose threads end with its last holder: here, while Python still stands. One that is left
        # to give a tensor back to an interpreter that is closing aborts the process.
        gc.collect()
