"""Models on Hugging Face: fetched once with its own library into its own cache, with a progress bar.

Two things are added. The library begins a broken download again when a new process asks for it, so the weights are
fetched here first, into a partial file that is continued. And it compares sizes only, so hashes are checked here: a
file in the cache is named by its hash (sha256 for large files, git's sha1 for small ones).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from gpt2core.errors import DownloadFailed, NoConnection, UnknownModel, UnreadableCheckpoint
from gpt2core.foreign.huggingface import ADAPTER_FILES
from gpt2core.foreign.vocabulary import FILES

ALIASES = {
    "gpt2": "openai-community/gpt2",
    "gpt2-medium": "openai-community/gpt2-medium",
    "gpt2-large": "openai-community/gpt2-large",
    "gpt2-xl": "openai-community/gpt2-xl",
    "distilgpt2": "distilbert/distilgpt2",
}
_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
_CONFIG, _WEIGHTS, _INDEX = "config.json", "model.safetensors", "model.safetensors.index.json"
# An adapter's configuration is small, and says that the weights alone are another model.
_WANTED = [_CONFIG, _WEIGHTS, _INDEX, "model-*.safetensors", *FILES, ADAPTER_FILES[0]]
_CHUNK = 1 << 20

# Told (bytes of the weights that are here, bytes in all) as they arrive; what it raises ends the download, and what has arrived is kept.
Progress = Callable[[int, int], None]


def is_model_id(source: str) -> bool:
    """Whether `source` can name a model on Hugging Face: owner/name, or one of ALIASES."""
    return source in ALIASES or _ID.fullmatch(source) is not None


def in_cache(source: str) -> Path | None:
    """The folder of that model if it is whole on this machine, None if not; the network is not asked. Raises: UnknownModel."""
    # imported here: only those who download need to wait for it
    from huggingface_hub import snapshot_download  # noqa: PLC0415
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError  # noqa: PLC0415

    try:
        folder = Path(snapshot_download(ALIASES.get(source, source), allow_patterns=_WANTED, local_files_only=True))
    except LocalEntryNotFoundError:
        return None
    except HFValidationError as error:
        raise UnknownModel(
            "{source!r} is no name of a model. Use owner/name, or one of {names}.",
            source=source,
            names=", ".join(ALIASES),
        ) from error
    return folder if _is_whole(folder) else None


def downloaded(source: str, progress: Progress | None = None) -> Path:
    """The folder of that model, from the cache if it is whole there, else from the network.

    Raises: NoConnection, and DownloadFailed for a file that arrived damaged; UnknownModel if there is none; what
    `progress` raises.
    """
    from huggingface_hub import snapshot_download  # noqa: PLC0415
    from huggingface_hub.errors import (  # noqa: PLC0415
        HTTPError,
        LocalEntryNotFoundError,
        RepositoryNotFoundError,
    )

    folder = in_cache(source)
    if folder is not None:
        return folder
    name = ALIASES.get(source, source)
    try:
        checked = _fetch_weights(name, progress)
        folder = Path(snapshot_download(name, allow_patterns=_WANTED))
    except RepositoryNotFoundError as error:
        raise UnknownModel(
            "There is no folder {source!r} here and no public model of that name on Hugging Face. Check the name, or use {names}.",
            source=source,
            names=", ".join(ALIASES),
        ) from error
    except (LocalEntryNotFoundError, HTTPError, OSError) as error:
        raise NoConnection(
            "{name} is not on this machine and could not be downloaded from Hugging Face ({reason}). "
            "Connect to the internet and try again; what has arrived is kept. Or give the folder of a model that is here.",
            name=name,
            reason=type(error).__name__,
        ) from error
    if not _is_whole(folder):
        raise UnreadableCheckpoint(
            "{name} has no {config} and {weights}. Choose a GPT-2 model that has both.",
            name=name,
            config=_CONFIG,
            weights=_WEIGHTS,
        )
    for file in folder.iterdir():
        blob = file.resolve()
        if blob.name != checked and not _has_hash(blob, blob.name):
            blob.unlink()
            file.unlink(missing_ok=True)
            raise _damaged(file.name)
    return folder


class _Watched:
    """A file that tells how much of it has been written."""

    def __init__(self, file: BinaryIO, size: int, progress: Progress) -> None:
        self._file, self._size, self._progress = file, size, progress

    def write(self, data: bytes) -> int:
        written = self._file.write(data)
        self._progress(self._file.tell(), self._size)
        return written

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


def _fetch_weights(name: str, progress: Progress | None) -> str | None:
    """Put the weights where the library will find them, going on from what an earlier attempt left, once their hash is
    the right one; return it."""
    from huggingface_hub import constants, get_hf_file_metadata, hf_hub_url  # noqa: PLC0415
    from huggingface_hub.errors import RemoteEntryNotFoundError  # noqa: PLC0415
    from huggingface_hub.file_download import http_get, repo_folder_name  # noqa: PLC0415
    from huggingface_hub.utils import WeakFileLock  # noqa: PLC0415

    try:
        about = get_hf_file_metadata(hf_hub_url(name, _WEIGHTS))
    except RemoteEntryNotFoundError:
        return None  # in pieces, or not at all
    if about.etag is None:
        return None
    blob = Path(constants.HF_HUB_CACHE, repo_folder_name(repo_id=name, repo_type="model"), "blobs", about.etag)
    partial = blob.with_name(f"{about.etag}.gpt2core")
    blob.parent.mkdir(parents=True, exist_ok=True)
    with WeakFileLock(f"{partial}.lock"):
        if blob.exists():
            return None
        with partial.open("ab") as file:
            have = partial.stat().st_size
            watched: Any = file
            if progress is not None:
                progress(have, about.size or 0)
                watched = _Watched(file, about.size or 0, progress)
            http_get(
                about.location,
                watched,
                resume_size=have,
                expected_size=about.size,
                displayed_filename=f"{name} {_WEIGHTS}",
            )
        if not _has_hash(partial, about.etag):
            partial.unlink()
            raise _damaged(_WEIGHTS)
        partial.replace(blob)
    return about.etag


def _has_hash(file: Path, expected: str) -> bool:
    """True also where `expected` is no hash: without links the library copies files and has compared the size."""
    if re.fullmatch(r"[0-9a-f]{64}", expected):
        digest = hashlib.sha256()
    elif re.fullmatch(r"[0-9a-f]{40}", expected):
        digest = hashlib.sha1(f"blob {file.stat().st_size}\0".encode())  # as git names what it keeps
    else:
        return True
    with file.open("rb") as content:
        while chunk := content.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest() == expected


def _damaged(file_name: str) -> DownloadFailed:
    return DownloadFailed(
        "{file} arrived damaged: its hash is not the one that Hugging Face gives. Try again.", file=file_name
    )


def _is_whole(folder: Path) -> bool:
    return (folder / _CONFIG).exists() and ((folder / _WEIGHTS).exists() or (folder / _INDEX).exists())
