"""Models on Hugging Face: fetched once with its own library, which shows progress, resumes and keeps a cache.

The library checks sizes; hashes are checked here, against those that the server names (sha256 of large files, git's sha1 of
small ones), because a file's place in the cache is named by its hash.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from gpt2core.errors import DownloadFailed, UnknownModel, UnreadableCheckpoint
from gpt2core.foreign.vocabulary import FILES

ALIASES = {
    "gpt2": "openai-community/gpt2",
    "gpt2-medium": "openai-community/gpt2-medium",
    "gpt2-large": "openai-community/gpt2-large",
    "gpt2-xl": "openai-community/gpt2-xl",
    "distilgpt2": "distilbert/distilgpt2",
}
_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
_WANTED = ["config.json", "model.safetensors", "model.safetensors.index.json", "model-*.safetensors", *FILES]
_CHUNK = 1 << 20


def is_model_id(source: str) -> bool:
    """Whether `source` can name a model on Hugging Face: owner/name, or one of ALIASES."""
    return source in ALIASES or _ID.fullmatch(source) is not None


def downloaded(source: str) -> Path:
    """The folder of that model, from the cache if it is whole there, else from the network.

    Raises: DownloadFailed without a connection or for a file that arrived damaged; UnknownModel if there is none.
    """
    # imported here: only those who download need to wait for it
    from huggingface_hub import snapshot_download  # noqa: PLC0415
    from huggingface_hub.errors import (  # noqa: PLC0415
        HfHubHTTPError,
        HFValidationError,
        LocalEntryNotFoundError,
        RepositoryNotFoundError,
    )

    name = ALIASES.get(source, source)
    try:
        folder = Path(snapshot_download(name, allow_patterns=_WANTED, local_files_only=True))
        if _is_whole(folder):
            return folder
    except LocalEntryNotFoundError:
        pass  # not downloaded yet
    except HFValidationError as error:
        raise UnknownModel(
            f"{source!r} is no name of a model. Use owner/name, or one of {', '.join(ALIASES)}."
        ) from error
    try:
        folder = Path(snapshot_download(name, allow_patterns=_WANTED))
    except RepositoryNotFoundError as error:
        raise UnknownModel(
            f"There is no folder {source!r} here and no public model of that name on Hugging Face. Check the name, or use {', '.join(ALIASES)}."
        ) from error
    except (LocalEntryNotFoundError, HfHubHTTPError, OSError) as error:
        raise DownloadFailed(
            f"{name} is not on this machine and could not be downloaded from Hugging Face ({type(error).__name__}). "
            "Connect to the internet and try again, or give the folder of a model that is here."
        ) from error
    if not _is_whole(folder):
        raise UnreadableCheckpoint(
            f"{name} has no config.json and model.safetensors. Choose a GPT-2 model that has both."
        )
    for file in folder.iterdir():
        check_hash(file)
    return folder


def check_hash(file: Path) -> None:
    """Compare a cached file with the hash that names it; forget it if they differ. Raises: DownloadFailed."""
    blob = file.resolve()
    size = blob.stat().st_size
    if re.fullmatch(r"[0-9a-f]{64}", blob.name):
        digest = hashlib.sha256()
    elif re.fullmatch(r"[0-9a-f]{40}", blob.name):
        digest = hashlib.sha1(f"blob {size}\0".encode())  # as git names what it keeps
    else:
        return  # a system without links: the library copies instead, and has compared the size
    with blob.open("rb") as content:
        while chunk := content.read(_CHUNK):
            digest.update(chunk)
    if digest.hexdigest() != blob.name:
        blob.unlink()
        file.unlink(missing_ok=True)
        raise DownloadFailed(
            f"{file.name} arrived damaged: its hash is not the one that Hugging Face gives. Try again."
        )


def _is_whole(folder: Path) -> bool:
    weights = ("model.safetensors", "model.safetensors.index.json")
    return (folder / "config.json").exists() and any((folder / name).exists() for name in weights)
