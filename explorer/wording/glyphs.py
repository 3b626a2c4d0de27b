"""Tokens as stretches of the text that they spell: what is all a token's own, and characters that several tokens share byte by byte."""

from __future__ import annotations

import itertools
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import regex

from explorer.wording.text import hex_bytes, printable

MOST_MARKS = 3  # on one letter; the writing of India needs as many, a flood of them would cover the lines above
_JOINER, _VARIANTS = "\u200d", {"\ufe0e", "\ufe0f"}  # what makes one picture of several, and what chooses how one looks


@dataclass(frozen=True)
class Glyph:
    """A stretch of text that is one token's own, or one character that several share.

    text: as it is read, white space and what is invisible made visible. owners: the tokens, by their place, and how many of its bytes
    each of them holds, in order. data: the bytes themselves.
    """

    text: str
    owners: tuple[tuple[int, int], ...]
    data: bytes


def glyphs(tokens: Sequence[bytes], *, as_seen: bool = True) -> list[Glyph]:
    """What `tokens` spell, in order. as_seen: a letter with its marks or a picture made of several is one character; else each is one.

    Bytes that are no character in any way (no text has them) are shown as ‹80›.
    """
    owner = [place for place, token in enumerate(tokens) for _ in token]
    text = b"".join(tokens).decode("utf-8", "surrogateescape")
    found: list[tuple[tuple[tuple[int, int], ...], bytes]] = []
    start = 0
    for character in regex.findall(r"\X", text) if as_seen else text:
        data = character.encode("utf-8", "surrogateescape")
        runs = itertools.groupby(owner[start : start + len(data)])
        owners = tuple((place, sum(1 for _ in run)) for place, run in runs)
        start += len(data)
        if found and len(owners) == 1 and [place for place, _ in found[-1][0]] == [owners[0][0]]:
            before = found.pop()[1]
            owners, data = ((owners[0][0], len(before) + len(data)),), before + data
        found.append((owners, data))
    return [Glyph(readable(data), owners, data) for owners, data in found]


def readable(data: bytes) -> str:
    """Bytes as `printable` shows them, but what belongs to a letter or to a picture stays on it."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return f"‹{hex_bytes(data)}›"
    return "".join(_seen(character) for character in regex.findall(r"\X", text))


def _seen(character: str) -> str:
    first, shown, n_marks = character[0], "", 0
    if len(character) == 1 or unicodedata.category(first)[0] not in "LNS":
        return "".join(printable(part.encode()) for part in character)
    for place, part in enumerate(character, start=1):
        is_mark = unicodedata.category(part)[0] == "M"
        n_marks += is_mark
        joins = part == _JOINER and place < len(character)
        kept = joins or part in _VARIANTS or (is_mark and n_marks <= MOST_MARKS)
        shown += part if kept else printable(part.encode())
    return shown


def shares(n_tokens: int, of: Sequence[Glyph]) -> list[list[dict[str, Any]]]:
    """What each of `n_tokens` tokens is of these glyphs, in order: {"text", "n"} bytes that are all its own; of one that it shares also
    which of the bytes these are, "first" and "last" counted from 1, and "of" how many."""
    found: list[list[dict[str, Any]]] = [[] for _ in range(n_tokens)]
    for glyph in of:
        first = 1
        for owner, n_bytes in glyph.owners:
            own = {"text": glyph.text, "n": n_bytes}
            part = {"first": first, "last": first + n_bytes - 1, "of": len(glyph.data)}
            found[owner].append(own if n_bytes == len(glyph.data) else {**own, **part})
            first += n_bytes
    return found
