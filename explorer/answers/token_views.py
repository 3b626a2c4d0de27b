"""What the Tokens tab tells of a sentence: its characters, why each token is as it is, and its word in other casings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import regex

from explorer.answers.merges import label
from explorer.answers.token_family import Family, family_of, in_words
from explorer.catalogue import catalogue
from explorer.store.services import RunKey, Services
from explorer.wording.glyphs import Glyph, glyphs
from explorer.wording.text import printable
from gpt2core import Tokenizer
from gpt2core.merging import Piece

say = catalogue("tokens")


@dataclass(frozen=True)
class TokenViews:
    """tokens: their bytes. seen: the text as people see it, characters: one for each. piece_of: of each token, which piece it is in;
    families: by the bytes of a piece."""

    tokens: list[bytes]
    seen: list[Glyph]
    characters: list[Glyph]
    pieces: list[Piece]
    piece_of: list[int]
    families: dict[bytes, Family | None]
    tokenizer: Tokenizer

    @property
    def whys(self) -> list[str]:
        shared = [place for glyph in self.characters if len(glyph.owners) > 1 for place, _ in glyph.owners]
        split = set(shared)
        return [
            why(token, self.pieces[number].data, place in split)
            for place, (token, number) in enumerate(zip(self.tokens, self.piece_of, strict=True))
        ]

    def told_families(self) -> tuple[list[dict[str, Any] | None], list[int]]:
        """What widgets/token_text shows of each, and of each token which."""
        order = {data: place for place, data in enumerate(self.families)}
        told = [None if one is None else self._told(one) for one in self.families.values()]
        return told, [order[self.pieces[number].data] for number in self.piece_of]

    def _told(self, family: Family) -> dict[str, Any]:
        def member(token_id: int) -> list[Any]:
            return [printable(self.tokenizer.token_bytes(token_id)), token_id]

        rows = [
            [{"here": form.text == family.written, "tokens": [member(one) for one in form.token_ids]} for form in row]
            for row in family.forms
        ]
        return {"told": in_words(family), "rows": rows}


def token_views(services: Services, run: RunKey) -> TokenViews:
    tokenizer = services.models.tokenizer(run.model)
    tokens = [tokenizer.token_bytes(token_id) for token_id in run.token_ids]
    pieces = tokenizer.pieces(run.text)
    families = {data: family_of(data, tokenizer) for data in dict.fromkeys(piece.data for piece in pieces)}
    characters = glyphs(tokens, as_seen=False)
    return TokenViews(tokens, glyphs(tokens), characters, pieces, piece_numbers(pieces), families, tokenizer)


def piece_numbers(pieces: Sequence[Piece]) -> list[int]:
    """For each token in order, which piece it came from."""
    return [number for number, piece in enumerate(pieces) for _ in piece.tokens]


def counted(text: str, n_tokens: int) -> str:
    """Characters as people count them, code points where they are more, bytes and tokens."""
    data = text.encode("utf-8", "replace")
    seen = len(regex.findall(r"\X", text))
    key = "counted" if seen == len(text) else "counted_seen"
    return say(key, seen=seen, characters=len(text), bytes=len(data), tokens=n_tokens)


def why(token: bytes, piece: bytes, split: bool) -> str:
    """Why a token is cut as it is, in a sentence."""
    if split:
        return say("why_split")
    if not piece.strip():
        return say("why_line_end" if token == b"\n" else "why_space")
    if token != piece:
        return say("why_part", piece=label(piece))
    return say("why_leading_space") if token.startswith(b" ") else say("why_whole")
