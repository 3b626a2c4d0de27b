"""The only way token text reaches the page: as a printable label that says what the bytes are, never as markup.

Widgets write labels with textContent; plotly reads its own small markup in every label, so figures escape them first.
"""

from __future__ import annotations

import html
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from gpt2core import Tokenizer

_SPACE, _NEWLINE, _TAB, _RETURN = "·", "↵", "⇥", "␍"
_MARKS = {" ": _SPACE, "\n": _NEWLINE, "\t": _TAB, "\r": _RETURN}
_FIRST_STRONG_ISOLATE, _POP_ISOLATE = "\u2068", "\u2069"


@dataclass(frozen=True)
class TokenLabel:
    """How one token is shown. text: printable, spaces and line ends made visible; hex: its bytes; whole: whether the
    bytes are complete characters (if not, `text` shows the bytes instead)."""

    token_id: int
    text: str
    hex: str
    whole: bool


def hex_bytes(data: bytes) -> str:
    """Bytes as a person writes them: "F0 9F"."""
    return data.hex(" ").upper()


# Kept, because each token of a long piece asks for the piece as a whole: a thousand times 60,000 characters took 25 seconds.
@lru_cache(maxsize=32)
def printable(data: bytes) -> str:
    """Bytes as one visible label: marks for white space, names for invisible characters, hex for parts of characters."""
    try:
        return "".join(_visible(character) for character in data.decode("utf-8"))
    except UnicodeDecodeError:
        return f"‹{hex_bytes(data)}›"


def _visible(character: str) -> str:
    if character in _MARKS:
        return _MARKS[character]
    category = unicodedata.category(character)
    if category[0] == "M":  # a combining mark needs something to stand on
        return "◌" + character
    if category[0] in "CZ":  # control, format, private, unassigned, other spaces: nothing to see
        return f"‹U+{ord(character):04X}›"
    return character


def token_labels(token_ids: Sequence[int], tokenizer: Tokenizer | None) -> list[TokenLabel]:
    """Labels in order; ids alone where the model came without a vocabulary, and for rows of its table that no token uses."""
    return [_label(token_id, tokenizer) for token_id in token_ids]


def _label(token_id: int, tokenizer: Tokenizer | None) -> TokenLabel:
    if tokenizer is None or token_id >= tokenizer.vocab_size:
        return TokenLabel(token_id, f"#{token_id}", "", False)
    data = tokenizer.decode_bytes([token_id])
    text = printable(data)
    return TokenLabel(token_id, text, hex_bytes(data), not text.startswith("‹") or "U+" in text)


def plotly_text(label: str) -> str:
    """A label for plotly, which would read <b>, <a href> and entities in it: all escaped, its direction isolated."""
    return _FIRST_STRONG_ISOLATE + html.escape(label, quote=False) + _POP_ISOLATE


def plotly_ticks(labels: Sequence[str]) -> list[str]:
    return [plotly_text(label) for label in labels]
