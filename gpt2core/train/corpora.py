"""Where a text to train on comes from: a file, a folder, or one of two texts that are fetched once and checked.

A download is continued where an earlier attempt stopped, and gets its name only when its hash is right.
"""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from gpt2core.data import decode_text
from gpt2core.errors import CorpusNotText, DownloadFailed, UnknownCorpus
from gpt2core.files import saving

_CHUNK = 1 << 20
_SECONDS = 30
Progress = Callable[[int, int], None]  # bytes that are here, and of how many; ends the download by raising


@dataclass(frozen=True)
class Source:
    """A public text. licence: for those who pass it on."""

    address: str
    n_bytes: int
    sha256: str
    licence: str


SOURCES = {
    "the-verdict": Source(
        "https://raw.githubusercontent.com/rasbt/LLMs-from-scratch/main/ch02/01_main-chapter-code/the-verdict.txt",
        20_479,
        "b41e41a68f0398a3154ae69e2e4c0e2694e17fe0d66730536837f1b01935b31f",
        "The Verdict, Edith Wharton, 1908, public domain",
    ),
    "tinystories": Source(
        "https://huggingface.co/datasets/roneneldan/TinyStories/resolve/"
        "f54c09fd23315a6f9c86f9dc80f725de7d8f9c64/TinyStoriesV2-GPT4-valid.txt",
        22_502_601,
        "6874bae9a4c1a4e7edcf0e53b86c17817e9cf881fc75ff2368da457b80c0585d",
        "TinyStories, Eldan and Li, 2023, CDLA-Sharing-1.0",
    ),
}


def read_corpus(source: str, downloads: Path, tell: Callable[[str], None] = lambda _: None) -> str:
    """The text of a file, of all .txt files in a folder (in the order of their names, end-of-text between them), or of one of
    SOURCES, kept in `downloads`. tell: is given a line for people before a download.

    Raises: UnknownCorpus, CorpusNotText, DownloadFailed, CannotSave.
    """
    path = Path(source)
    if path.is_dir():
        files = sorted(path.rglob("*.txt"))
        if not files:
            raise UnknownCorpus(
                "The folder {folder!r} holds no .txt file. Put the texts there, or name a file.", folder=source
            )
        return "\n<|endoftext|>\n".join(read_text(file) for file in files)
    if not path.exists() and source in SOURCES:
        path = fetched(source, downloads, tell)
    if not path.exists():
        raise UnknownCorpus(
            "There is no text {source!r}. Give a file, a folder of .txt files, or one of {names} to download it.",
            source=source,
            names=", ".join(SOURCES),
        )
    return read_text(path)


def text_sha256(text: str) -> str:
    """By which a text is known again."""
    return hashlib.sha256(text.encode("utf-8", errors="replace")).hexdigest()


def found_again(name: str, sha256: str, folders: Iterable[Path]) -> str | None:
    """The text called `name` with this hash, from the first of `folders` that holds it; other files of that name are passed over."""
    for folder in folders:
        path = folder / Path(name).name
        with contextlib.suppress(UnknownCorpus, CorpusNotText):
            if path.is_file() and text_sha256(text := read_text(path)) == sha256:
                return text
    return None


def read_text(path: Path) -> str:
    """One file. Raises: UnknownCorpus, CorpusNotText."""
    try:
        return decode_text(path.read_bytes())
    except OSError as error:
        raise UnknownCorpus(
            "{path} cannot be read ({reason}). Check its permissions, or give another file.",
            path=path,
            reason=error.strerror,
        ) from error
    except CorpusNotText as error:
        raise CorpusNotText("{path}: {why}", path=path, why=error) from error


def kept(name: str, downloads: Path) -> Path | None:
    """The file of SOURCES[name] if it lies whole in `downloads`; the network is not asked."""
    path = downloads / f"{name}.txt"
    return path if path.exists() and _is_whole(path, SOURCES[name]) else None


def fetched(
    name: str,
    downloads: Path,
    tell: Callable[[str], None] = lambda _: None,
    progress: Progress = lambda have, size: None,
) -> Path:
    """The file of SOURCES[name], from `downloads` if it is whole there, else from the network.

    Raises: DownloadFailed without a connection or for a file that is not the one that was pinned; CannotSave; what `progress` raises,
    after which the rest is fetched next time.
    """
    from huggingface_hub.utils import WeakFileLock  # noqa: PLC0415 (only those who download wait for it)

    source = SOURCES[name]
    path, partial = downloads / f"{name}.txt", downloads / f".{name}.partial"
    with saving(downloads):
        downloads.mkdir(parents=True, exist_ok=True)
    with WeakFileLock(downloads / f".{name}.lock"):  # several processes of one run ask at once
        if kept(name, downloads):
            return path
        tell(f"downloading {source.licence}: {source.n_bytes / 1e6:.1f} MB from {source.address}")
        try:
            _continue(source, partial, progress)
        except (urllib.error.URLError, http.client.HTTPException, OSError) as error:
            reason = getattr(error, "reason", None) or type(error).__name__
            raise DownloadFailed(
                "{name} could not be downloaded from {address} ({reason}). Connect to the internet and try again; "
                "what has arrived is kept. Or train on a file of your own.",
                name=name,
                address=source.address,
                reason=reason,
            ) from error
        if not _is_whole(partial, source):
            partial.unlink()
            raise DownloadFailed(
                "What arrived from {address} is not the text that was expected: its size or sha256 differs, "
                "so it was deleted. Try again, or train on a file of your own.",
                address=source.address,
            )
        with saving(path):
            partial.replace(path)
    return path


def _continue(source: Source, partial: Path, progress: Progress) -> None:
    """Fetch what `partial` still lacks; from the beginning where the server sends no parts."""
    have = partial.stat().st_size if partial.exists() else 0
    if have == source.n_bytes:
        return
    if have > source.n_bytes:
        partial.unlink()
        have = 0
    request = urllib.request.Request(source.address, headers={"Range": f"bytes={have}-"} if have else {})
    with urllib.request.urlopen(request, timeout=_SECONDS) as answer:
        mode = "ab" if answer.status == 206 else "wb"
        with saving(partial), partial.open(mode) as file:
            have = file.tell()
            while have <= source.n_bytes and (chunk := _received(answer)):
                file.write(chunk)
                have += len(chunk)
                progress(have, source.n_bytes)
    if have < source.n_bytes:
        raise http.client.IncompleteRead(b"", source.n_bytes - have)


def _received(answer: http.client.HTTPResponse) -> bytes:
    """The next bytes; a network's failure stays apart from a disk's."""
    try:
        return answer.read1(_CHUNK)
    except OSError as error:
        raise http.client.HTTPException(str(error)) from error


def _is_whole(path: Path, source: Source) -> bool:
    if path.stat().st_size != source.n_bytes:
        return False
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == source.sha256
