"""Every sentence a person reads on the page, one TOML file a topic, one folder a language."""

from __future__ import annotations

import functools
import tomllib
from pathlib import Path

LANGUAGE = "en"
SHARED = "shared"


class Catalogue:
    """The sentences of one topic: say("title"), say("cut", shown=50, total=50257). Raises: KeyError for a missing one."""

    def __init__(self, topic: str, sentences: dict[str, str]) -> None:
        self.topic, self.sentences = topic, sentences

    def __call__(self, key: str, /, **values: object) -> str:
        sentence = self.sentences[key]
        return sentence.format(**values) if values else sentence


@functools.cache
def catalogue(topic: str) -> Catalogue:
    """The sentences in catalogue/<language>/<topic>.toml, and those of shared.toml under keys that begin with shared_."""
    shared = {f"{SHARED}_{key}": sentence for key, sentence in sentences(SHARED).items()}
    return Catalogue(topic, sentences(topic) | shared)


def sentences(topic: str) -> dict[str, str]:
    """What stands in the file of a topic."""
    path = Path(__file__).parent / LANGUAGE / f"{topic}.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))
