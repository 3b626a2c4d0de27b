"""OpenAI's later vocabularies, to be compared with GPT-2's: read where their file lies on this machine, fetched when somebody asks for it.

They lie where tiktoken keeps its files, under the names that it gives them, so that either finds what the other fetched.
"""

from __future__ import annotations

import hashlib
import http.client
import os
import tempfile
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import tiktoken

from gpt2core.errors import DownloadFailed, NoConnection, UnknownModel
from gpt2core.files import saving, write_atomically

_CHUNK = 1 << 16
_SECONDS = 30
Progress = Callable[[int, int], None]  # bytes that are here, and of how many (0: unknown); ends the download by raising


@dataclass(frozen=True)
class Published:
    """address, sha256: of its file, as tiktoken pins them. n_tokens: its merged tokens."""

    address: str
    sha256: str
    n_tokens: int


_BEGIN = "https://openaipublic.blob.core.windows.net/encodings/"
PUBLISHED = {
    "cl100k_base": Published(
        f"{_BEGIN}cl100k_base.tiktoken", "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7", 100_256
    ),
    "o200k_base": Published(
        f"{_BEGIN}o200k_base.tiktoken", "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d", 199_998
    ),
}


def file_of(name: str) -> Path:
    """Where tiktoken looks for it, whether it is there or not. Raises: UnknownModel."""
    if name not in PUBLISHED:
        raise UnknownModel(
            "There is no published vocabulary {name!r}; choose one of {known}.", name=name, known=", ".join(PUBLISHED)
        )
    folder = os.environ.get("TIKTOKEN_CACHE_DIR") or os.environ.get("DATA_GYM_CACHE_DIR")
    key = hashlib.sha1(PUBLISHED[name].address.encode(), usedforsecurity=False).hexdigest()
    return Path(folder or Path(tempfile.gettempdir()) / "data-gym-cache") / key


def is_here(name: str) -> bool:
    """Whether its file lies on this machine, whole; the network is not asked."""
    path = file_of(name)
    return path.is_file() and _sha256(path.read_bytes()) == PUBLISHED[name].sha256


def opened(name: str) -> tiktoken.Encoding | None:
    """None where its file is not here; the network is not asked."""
    return tiktoken.get_encoding(name) if is_here(name) else None


def download(name: str, progress: Progress = lambda have, size: None) -> None:
    """Fetch its file, once; nothing of it is kept unless it is the one that is pinned.

    Raises: NoConnection, DownloadFailed, CannotSave, and what `progress` raises.
    """
    path, about = file_of(name), PUBLISHED[name]
    if is_here(name):
        return
    data = bytearray()
    try:
        with urllib.request.urlopen(about.address, timeout=_SECONDS) as answer:
            size = int(answer.headers.get("Content-Length") or 0)
            while chunk := answer.read1(_CHUNK):
                data += chunk
                progress(len(data), size)
    except (urllib.error.URLError, http.client.HTTPException, OSError) as error:
        raise NoConnection(
            "{name} could not be downloaded: {address} does not answer. Connect to the internet and try again.",
            name=name,
            address=about.address,
        ) from error
    if _sha256(bytes(data)) != about.sha256:
        raise DownloadFailed(
            "What arrived from {address} is not the vocabulary that was expected: its sha256 differs, so it was not kept. Try again.",
            address=about.address,
        )
    with saving(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, bytes(data))


def download_all(progress: Progress = lambda have, size: None) -> None:
    """All that are not here yet, one after the other. Raises: as download."""
    for name in PUBLISHED:
        download(name, progress)


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
