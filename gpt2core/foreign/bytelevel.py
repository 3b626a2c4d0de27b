"""GPT-2's byte-level BPE as files spell it: a byte is a printable character, itself where it is one, else the next from U+0100 on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from gpt2core.errors import DamagedVocabulary
from gpt2core.tokenizer import END_OF_TEXT, Tokenizer, gpt2_ranks, gpt2_tokenizer

_PRINTABLE = (*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100))
_OTHERS = tuple(byte for byte in range(256) if byte not in _PRINTABLE)
# Source: openai/gpt-2, src/encoder.py, bytes_to_unicode.
CHARACTER_OF_BYTE: dict[int, str] = {byte: chr(byte) for byte in _PRINTABLE} | {
    byte: chr(0x100 + i) for i, byte in enumerate(_OTHERS)
}
BYTE_OF_CHARACTER: dict[str, int] = {character: byte for byte, character in CHARACTER_OF_BYTE.items()}


def spelled(token: bytes) -> str:
    """A token as these files write it: b" the" -> "Ġthe"."""
    return "".join(CHARACTER_OF_BYTE[byte] for byte in token)


def is_spelled(token: str) -> bool:
    """Whether every character of it stands for a byte."""
    return all(character in BYTE_OF_CHARACTER for character in token)


def bytes_of(token: str) -> bytes:
    """The inverse of spelled. Raises: DamagedVocabulary."""
    try:
        return bytes(BYTE_OF_CHARACTER[character] for character in token)
    except KeyError as error:
        raise DamagedVocabulary(
            "{token!r} holds {character!r}, which stands for no byte in GPT-2's alphabet. Copy the vocabulary again.",
            token=token,
            character=error.args[0],
        ) from error


def byte_level(ids: Mapping[str, int], merges: Iterable[tuple[str, str]], vocab_size: int) -> Tokenizer:
    """From spelled tokens and their merges in order. Raises: DamagedVocabulary."""
    pairs = {(bytes_of(left), bytes_of(right)): rank for rank, (left, right) in enumerate(merges)}
    made = {left + right for left, right in pairs}
    known = {token: i for token, i in ids.items() if is_spelled(token)}
    token_ids = {bytes_of(token): i for token, i in known.items() if len(token) == 1 or bytes_of(token) in made}
    missing = next((token for token in made if token not in token_ids), None)
    if missing is not None:
        raise DamagedVocabulary(
            "A merge makes {token!r}, which vocab.json has no id for. Copy both files again.", token=spelled(missing)
        )
    apart = next((side for pair in pairs for side in pair if side not in token_ids), None)
    if apart is not None:
        raise DamagedVocabulary(
            "A merge joins {token!r}, which vocab.json has no id for. Copy both files again.", token=spelled(apart)
        )
    used = set(token_ids.values())
    special = {token: i for token, i in ids.items() if i not in used}
    return _gpt2_itself(token_ids, pairs, special, vocab_size) or Tokenizer(
        _in_order(token_ids, pairs), "foreign", token_ids=token_ids, pairs=pairs, special=special, vocab_size=vocab_size
    )


def gpt2_merges(ids: Mapping[str, int]) -> list[tuple[str, str]] | None:
    """The merges of a list of tokens without any, if it is the beginning of GPT-2's own; None for any other list."""
    n = len(ids) - 1
    ranks = {token: rank for token, rank in gpt2_ranks().items() if rank < n}
    if n < 256 or ids != {spelled(token): rank for token, rank in ranks.items()} | {END_OF_TEXT: n}:
        return None
    ours = gpt2_tokenizer(n + 1)
    pairs = (ours.last_pair(token) for token in sorted(ranks, key=ranks.__getitem__) if len(token) > 1)
    return [(spelled(left), spelled(right)) for left, right in pairs]


def merges_in_order(tokenizer: Tokenizer) -> list[tuple[bytes, bytes]]:
    """The merges of a tokenizer; where it has none by name, the last merge that makes each token."""
    if tokenizer.pairs is not None:
        return sorted(tokenizer.pairs, key=tokenizer.pairs.__getitem__)
    longer = sorted((token for token in tokenizer.ranks if len(token) > 1), key=tokenizer.ranks.__getitem__)
    return [tokenizer.last_pair(token) for token in longer]


def checked_merges(merges: Iterable[Any]) -> list[tuple[str, str]]:
    """From "a b" or ["a", "b"]. Raises: DamagedVocabulary."""
    checked = []
    for rank, merge in enumerate(merges):
        sides = merge.split(" ") if isinstance(merge, str) else merge
        if not isinstance(sides, list) or len(sides) != 2 or not all(isinstance(side, str) and side for side in sides):
            raise DamagedVocabulary(
                "Merge number {rank:,} is {merge!r}, which is no pair of tokens. Copy merges.txt again.",
                rank=rank,
                merge=merge,
            )
        checked.append((sides[0], sides[1]))
    return checked


def checked_ids(words: Any) -> dict[str, int]:
    """Raises: DamagedVocabulary unless every token has an id of its own."""
    if not isinstance(words, dict):
        raise DamagedVocabulary("The vocabulary is no table of tokens and their ids. Copy it again.")
    for word, token_id in words.items():
        if isinstance(token_id, bool) or not isinstance(token_id, int) or token_id < 0:
            raise DamagedVocabulary(
                "The vocabulary gives {word!r} the id {token_id!r}; ids are whole numbers from 0. Copy it again.",
                word=word,
                token_id=token_id,
            )
    if len(set(words.values())) < len(words):
        raise DamagedVocabulary("The vocabulary gives two tokens the same id. Copy it again.")
    return dict(words)


def _gpt2_itself(
    token_ids: Mapping[bytes, int],
    pairs: Mapping[tuple[bytes, bytes], int],
    special: Mapping[str, int],
    vocab_size: int,
) -> Tokenizer | None:
    """GPT-2's vocabulary, or a beginning of it, is read by tiktoken, which is far quicker."""
    n = len(token_ids)
    ranks = {token: rank for token, rank in gpt2_ranks().items() if rank < n}
    in_order = len(pairs) == n - 256 and all(token_ids[a + b] == 256 + rank for (a, b), rank in pairs.items())
    if token_ids != ranks or not in_order or special != {END_OF_TEXT: n}:
        return None
    return gpt2_tokenizer(n + 1) if vocab_size == n + 1 else Tokenizer(ranks, f"gpt2-{n + 1}", vocab_size=vocab_size)


def _in_order(token_ids: Mapping[bytes, int], pairs: Mapping[tuple[bytes, bytes], int]) -> dict[bytes, int]:
    """Token -> rank: single bytes by id, then what merges make, the earliest first."""
    singles = sorted((token for token in token_ids if len(token) == 1), key=token_ids.__getitem__)
    made = [left + right for left, right in sorted(pairs, key=pairs.__getitem__)]
    return {token: rank for rank, token in enumerate(dict.fromkeys([*singles, *made]))}
