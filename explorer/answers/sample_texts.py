"""Texts to learn that need not be typed: the stories that come with the project, and two that are fetched when somebody asks for them.

Knows nothing of the page.
"""

from __future__ import annotations

from pathlib import Path

from explorer.answers.training import sample_text
from gpt2core.data import decode_text
from gpt2core.tokenizer import END_OF_TEXT
from gpt2core.train import corpora

STORIES = "stories"
NAMES = (STORIES, *corpora.SOURCES)
MOST_CHARACTERS = 1_000_000  # of one text: more than a run on the page reads, and few enough for a box on it


def megabytes(name: str) -> float:
    """How large the download of a text is."""
    return corpora.SOURCES[name].n_bytes / 1e6


def opened(name: str, downloads: Path) -> str | None:
    """The text, as much of its beginning as the page takes, ending with a whole document where it has several; None where it is not on
    this machine yet. Raises: CorpusNotText."""
    if name == STORIES:
        return sample_text()
    path = corpora.kept(name, downloads)
    return None if path is None else beginning(decode_text(path.read_bytes()))


def beginning(text: str, most: int = MOST_CHARACTERS) -> str:
    """At most so many characters of it, up to the last end of a document among them."""
    if len(text) <= most:
        return text
    end = text.rfind(END_OF_TEXT, 0, most)
    return text[: end + len(END_OF_TEXT) if 0 < end <= most - len(END_OF_TEXT) else most]
