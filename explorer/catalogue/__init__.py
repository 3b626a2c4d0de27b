"""Every sentence a person reads on the page, one TOML file a topic, one folder a language."""

from __future__ import annotations

import functools
import string
import tomllib
from pathlib import Path

FOLDER = Path(__file__).parent
LANGUAGE = "en"
SHARED = "shared"
ERRORS = "errors"  # how a language says gpt2core's refusals; English needs no such file, the package itself speaks it


class _Counting(string.Formatter):
    """Formats as str.format does, and {n:?token|tokens} as "token" where n is 1. widgets/shared/dom.js has the same for the browser."""

    def format_field(self, value: object, format_spec: str) -> str:
        if not format_spec.startswith("?"):
            return str(super().format_field(value, format_spec))
        one, many = format_spec[1:].split("|")
        return one if value == 1 else many


class Catalogue:
    """The sentences of one topic: say("title"), say("cut", shown=50, total=50257). Raises: KeyError for a missing one."""

    def __init__(self, topic: str, sentences: dict[str, str]) -> None:
        self.topic, self.sentences = topic, sentences

    def __call__(self, key: str, /, **values: object) -> str:
        sentence = self.sentences[key]
        return _Counting().format(sentence, **values) if values else sentence


@functools.cache
def catalogue(topic: str) -> Catalogue:
    """The sentences in catalogue/<language>/<topic>.toml, and those of shared.toml under keys that begin with shared_."""
    shared = {f"{SHARED}_{key}": sentence for key, sentence in sentences(SHARED).items()}
    return Catalogue(topic, sentences(topic) | shared)


def sentences(topic: str) -> dict[str, str]:
    """What stands in the file of a topic."""
    path = FOLDER / LANGUAGE / f"{topic}.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


@functools.cache
def refusals() -> dict[str, str]:
    """gpt2core's refusals in the page's language, by their English sentence (Gpt2CoreError.key); {} where it has no errors.toml."""
    return sentences(ERRORS) if (FOLDER / LANGUAGE / f"{ERRORS}.toml").is_file() else {}
