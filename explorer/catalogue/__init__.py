"""Every sentence a person reads on the page, one TOML file a topic, one folder a language."""

from __future__ import annotations

import functools
import tomllib
from pathlib import Path

LANGUAGE = "en"


class Catalogue:
    """The sentences of one topic: say("title"), say("cut", shown=50, total=50257). Raises: KeyError for a missing one."""

    def __init__(self, topic: str, sentences: dict[str, str]) -> None:
        self.topic, self.sentences = topic, sentences

    def __call__(self, key: str, /, **values: object) -> str:
        sentence = self.sentences[key]
        return sentence.format(**values) if values else sentence


@functools.cache
def catalogue(topic: str) -> Catalogue:
    """The sentences in catalogue/<language>/<topic>.toml."""
    path = Path(__file__).parent / LANGUAGE / f"{topic}.toml"
    return Catalogue(topic, tomllib.loads(path.read_text(encoding="utf-8")))
