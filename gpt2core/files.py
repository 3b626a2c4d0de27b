"""Reading files that may be missing, cut short, foreign or hostile; writing them whole or not at all."""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from gpt2core.errors import CannotSave, UnreadableCheckpoint, UnsafePickle


@contextlib.contextmanager
def saving(path: Path) -> Iterator[None]:
    """Whatever the system refuses while `path` is written becomes CannotSave."""
    try:
        yield
    except OSError as error:
        raise CannotSave(path, error) from error


def write_atomically(path: Path, data: bytes) -> None:
    """Replace `path` by `data` in one step: a reader, or a machine that dies, sees the old file or the new one.

    Raises: CannotSave.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    with saving(path):
        try:
            with partial.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(path)
        finally:
            with contextlib.suppress(OSError):
                partial.unlink(missing_ok=True)


def read_tensors(path: Path) -> dict[str, Tensor]:
    """A safetensors file. Raises: UnreadableCheckpoint for a missing, truncated or foreign file."""
    try:
        return load_file(path)
    except FileNotFoundError as error:
        raise _missing(path) from error
    except (SafetensorError, OSError, ValueError) as error:
        raise _damaged(path, "is damaged or not a safetensors file") from error


def read_pickle(path: Path) -> Any:
    """What torch.save wrote, tensors and plain values only: nothing in the file is ever run.

    Raises: UnsafePickle for anything else in it; UnreadableCheckpoint for a missing, truncated or foreign file.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # on pickle protocols; what cannot be read raises
            return torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError as error:
        raise _missing(path) from error
    except Exception as error:  # torch raises a dozen kinds for files that are no pickles
        if isinstance(error, pickle.UnpicklingError) and "GLOBAL" in str(error):
            raise UnsafePickle(
                f"{path.name} holds more than tensors, and opening it whole could run code of its author, so nothing in it was run. "
                "Save the weights alone: torch.save(model.state_dict(), path), or better as safetensors."
            ) from error
        raise _damaged(path, "is damaged or was not written by torch.save") from error


def read_json(path: Path) -> dict[str, Any]:
    """Raises: UnreadableCheckpoint unless `path` holds one JSON object."""
    try:
        value = json.loads(path.read_bytes())
    except FileNotFoundError as error:
        raise _missing(path) from error
    except (ValueError, OSError, RecursionError) as error:
        raise _damaged(path, "is damaged") from error
    if not isinstance(value, dict):
        raise _damaged(path, "does not hold a JSON object")
    return value


def _missing(path: Path) -> UnreadableCheckpoint:
    return UnreadableCheckpoint(f"{path.name} is missing from {path.parent.name!r}. Copy the whole model folder.")


def _damaged(path: Path, what: str) -> UnreadableCheckpoint:
    return UnreadableCheckpoint(f"{path.name} in {path.parent.name!r} {what}. Copy or download it again.")
