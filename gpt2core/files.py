"""Reading files that may be missing, cut short, foreign or hostile; writing them whole or not at all."""

from __future__ import annotations

import contextlib
import json
import mmap
import os
import pickle
import stat
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor

from gpt2core.errors import CannotSave, UnreadableCheckpoint, UnsafePickle

LARGEST_JSON = 32 << 20  # the vocabulary of a large model of today takes 20 MB


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
        _check_ordinary(path)
        return load_file(path)
    except FileNotFoundError as error:
        raise _missing(path) from error
    except UnreadableCheckpoint:
        raise
    except Exception as error:  # the library raises its own kind, and torch's for types that it does not know
        _check_memory(path, error)
        raise UnreadableCheckpoint(
            "{file} in {folder!r} is damaged or not a safetensors file. Copy or download it again.",
            file=path.name,
            folder=path.parent.name,
        ) from error


def read_pickle(path: Path) -> Any:
    """What torch.save wrote, tensors and plain values only: nothing in the file is ever run.

    Raises: UnsafePickle for anything else in it; UnreadableCheckpoint for a missing, truncated or foreign file.
    """
    try:
        _check_ordinary(path)
        _check_archive(path)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # on pickle protocols; what cannot be read raises
            return torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError as error:
        raise _missing(path) from error
    except UnreadableCheckpoint:
        raise
    except Exception as error:  # torch raises a dozen kinds for files that are no pickles
        if isinstance(error, pickle.UnpicklingError) and "GLOBAL" in str(error):
            raise UnsafePickle(
                "{file} holds more than tensors, and opening it whole could run code of its author, so nothing in it was run. "
                "Save the weights alone: torch.save(model.state_dict(), path), or better as safetensors. From a nanoGPT checkpoint keep "
                'model_args too, for they tell the heads: torch.save({{"model": weights, "model_args": model_args}}, path).',
                file=path.name,
            ) from error
        _check_memory(path, error)
        raise UnreadableCheckpoint(
            "{file} in {folder!r} is damaged or was not written by torch.save. Copy or download it again.",
            file=path.name,
            folder=path.parent.name,
        ) from error


def _check_memory(path: Path, error: Exception) -> None:
    """Raises: UnreadableCheckpoint where `error` says that there was no room, which is no fault of the file."""
    if isinstance(error, MemoryError) or "allocate memory" in str(error):
        raise UnreadableCheckpoint(
            "{file} in {folder!r} asks for more memory than there is. Close other programs, or choose a smaller model.",
            file=path.name,
            folder=path.parent.name,
        ) from error


@contextlib.contextmanager
def within_memory(path: Path) -> Iterator[None]:
    """Raises: UnreadableCheckpoint where what is done with `path` finds no room."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:  # torch has no kind of its own for it
        _check_memory(path, error)
        raise


def _check_archive(path: Path) -> None:
    """Before anything is unpickled: nothing in the file may unfold to more than the file. Raises: ValueError.

    torch.save packs nothing, so a packed entry is not its own; and of what torch takes for safe, bytearray(n) alone makes
    memory out of a number.
    """
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries):
                raise ValueError("packed")
            if sum(entry.file_size for entry in entries) > path.stat().st_size:
                raise ValueError("entries that overlap")
            if any(b"bytearray" in archive.read(entry) for entry in entries if entry.filename.endswith(".pkl")):
                raise ValueError("bytearray")
    elif path.stat().st_size:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            if content.find(b"bytearray") >= 0:
                raise ValueError("bytearray")


def read_small(path: Path) -> bytes:
    """A configuration or vocabulary, whole. Raises: UnreadableCheckpoint for what is larger than those are; OSError."""
    _check_ordinary(path)
    with path.open("rb") as file:
        content = file.read(LARGEST_JSON + 1)
    if len(content) > LARGEST_JSON:
        raise UnreadableCheckpoint(
            "{file} in {folder!r} is longer than {limit:,} bytes, which is more than any configuration or vocabulary needs. "
            "Copy or download it again.",
            file=path.name,
            folder=path.parent.name,
            limit=LARGEST_JSON,
        )
    return content


def _check_ordinary(path: Path) -> None:
    """Pipes and devices never end. Raises: UnreadableCheckpoint; FileNotFoundError."""
    if not stat.S_ISREG(path.stat().st_mode):
        raise UnreadableCheckpoint(
            "{file} in {folder!r} is no ordinary file. Copy or download the model again.",
            file=path.name,
            folder=path.parent.name,
        )


def read_json(path: Path) -> dict[str, Any]:
    """Raises: UnreadableCheckpoint unless `path` holds one JSON object."""
    try:
        value = json.loads(read_small(path))
    except FileNotFoundError as error:
        raise _missing(path) from error
    except UnreadableCheckpoint:
        raise
    except (ValueError, OSError, RecursionError, MemoryError) as error:
        _check_memory(path, error)
        raise UnreadableCheckpoint(
            "{file} in {folder!r} is damaged. Copy or download it again.",
            file=path.name,
            folder=path.parent.name,
        ) from error
    if not isinstance(value, dict):
        raise UnreadableCheckpoint(
            "{file} in {folder!r} does not hold a JSON object. Copy or download it again.",
            file=path.name,
            folder=path.parent.name,
        )
    return value


def _missing(path: Path) -> UnreadableCheckpoint:
    return UnreadableCheckpoint(
        "{file} is missing from {folder!r}. Copy the whole model folder.", file=path.name, folder=path.parent.name
    )
