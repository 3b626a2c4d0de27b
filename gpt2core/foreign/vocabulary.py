"""Vocabularies as Hugging Face writes them: vocab.json and merges.txt, tokenizer.json, or a bare list of tokens.

In these files a byte is a printable character: itself where it is one, else the next from U+0100 on.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from gpt2core.errors import DamagedVocabulary, UnsupportedModel
from gpt2core.files import read_json, write_atomically
from gpt2core.tokenizer import END_OF_TEXT, PlainTokenizer, Tokenizer, gpt2_ranks, gpt2_tokenizer

VOCAB_FILE, MERGES_FILE, TOKENIZER_FILE, LIST_FILE = "vocab.json", "merges.txt", "tokenizer.json", "vocab.txt"
FILES = (VOCAB_FILE, MERGES_FILE, TOKENIZER_FILE, LIST_FILE)

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


def read_vocabulary(folder: Path, vocab_size: int) -> Tokenizer | None:
    """The tokenizer of a model folder, or None where it has no vocabulary. vocab_size: rows of the model.

    vocab.json with merges.txt comes first, then tokenizer.json, then a bare vocab.json (token -> id) or vocab.txt (a
    token a line), read as plain text. Tokens that a file adds to its vocabulary are never read from text.
    Raises: DamagedVocabulary; UnsupportedModel for a tokenizer that does not work as GPT-2's does.
    """
    if (folder / VOCAB_FILE).exists() and (folder / MERGES_FILE).exists():
        lines = _text(folder / MERGES_FILE).split("\n")
        merges = [line for line in lines if line.strip() and not line.startswith("#version")]
        tokenizer = byte_level(_ids(read_json(folder / VOCAB_FILE)), merges, vocab_size)
    elif (folder / TOKENIZER_FILE).exists():
        tokenizer = _from_tokenizer_json(read_json(folder / TOKENIZER_FILE), vocab_size)
    elif (folder / VOCAB_FILE).exists():
        tokenizer = _without_merges(_ids(read_json(folder / VOCAB_FILE)), vocab_size)
    elif (folder / LIST_FILE).exists():
        entries = _text(folder / LIST_FILE).removesuffix("\n").split("\n")
        tokenizer = _without_merges({entry: i for i, entry in enumerate(entries)}, vocab_size)
    else:
        return None
    if tokenizer.vocab_size > vocab_size:
        raise DamagedVocabulary(
            f"The vocabulary in {folder.name!r} has an id {tokenizer.vocab_size - 1:,}, but the model's ids end at {vocab_size - 1:,}. "
            "Use the vocabulary that belongs to it."
        )
    return tokenizer


def write_vocabulary(tokenizer: Tokenizer, folder: Path) -> None:
    """The files that read_vocabulary reads back: vocab.json, and merges.txt unless the vocabulary is plain."""
    plain = isinstance(tokenizer, PlainTokenizer)
    ids = {(token.decode() if plain else spelled(token)): i for token, i in tokenizer.token_ids.items()}
    words = json.dumps(ids | tokenizer.special, ensure_ascii=False)
    write_atomically(folder / VOCAB_FILE, words.encode())
    if not plain:
        lines = ["#version: 0.2", *(f"{spelled(a)} {spelled(b)}" for a, b in _pairs_in_order(tokenizer))]
        write_atomically(folder / MERGES_FILE, ("\n".join(lines) + "\n").encode())


def byte_level(ids: Mapping[str, int], merges: Iterable[Any], vocab_size: int) -> Tokenizer:
    """From spelled tokens and merges in order ("a b" or ["a", "b"]). Raises: DamagedVocabulary."""
    pairs: dict[tuple[bytes, bytes], int] = {}
    for rank, merge in enumerate(merges):
        sides = merge.split(" ") if isinstance(merge, str) else merge
        if len(sides) != 2 or not all(isinstance(side, str) and side for side in sides):
            raise DamagedVocabulary(
                f"Merge number {rank:,} is {merge!r}, which is no pair of tokens. Copy merges.txt again."
            )
        left, right = (_bytes(side) for side in sides)
        pairs[left, right] = rank
    made = {left + right for left, right in pairs}
    known = {token: i for token, i in ids.items() if all(character in BYTE_OF_CHARACTER for character in token)}
    token_ids = {_bytes(token): i for token, i in known.items() if len(token) == 1 or _bytes(token) in made}
    missing = next((token for token in made if token not in token_ids), None)
    if missing is not None:
        raise DamagedVocabulary(
            f"A merge makes {spelled(missing)!r}, which vocab.json has no id for. Copy both files again."
        )
    used = set(token_ids.values())
    special = {token: i for token, i in ids.items() if i not in used}
    return _gpt2_itself(token_ids, pairs, special, vocab_size) or Tokenizer(
        _in_order(token_ids, pairs), "foreign", token_ids=token_ids, pairs=pairs, special=special, vocab_size=vocab_size
    )


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
    singles = sorted((token for token in token_ids if len(token) == 1), key=lambda token: token_ids[token])
    made = [left + right for left, right in sorted(pairs, key=lambda pair: pairs[pair])]
    return {token: rank for rank, token in enumerate(dict.fromkeys([*singles, *made]))}


def _pairs_in_order(tokenizer: Tokenizer) -> list[tuple[bytes, bytes]]:
    """The merges of a tokenizer; where it has none by name, the last merge that makes each token."""
    if tokenizer.pairs is not None:
        return sorted(tokenizer.pairs, key=lambda pair: tokenizer.pairs[pair])  # type: ignore[index]
    longer = sorted((token for token in tokenizer.ranks if len(token) > 1), key=lambda token: tokenizer.ranks[token])
    return [tokenizer.last_pair(token) for token in longer]


def _from_tokenizer_json(about: Mapping[str, Any], vocab_size: int) -> Tokenizer:
    model = about.get("model") or {}
    kind = model.get("type", "BPE" if "merges" in model else None)
    if kind != "BPE":
        raise UnsupportedModel(f"tokenizer.json is of type {kind!r}; only GPT-2's byte-level BPE is supported.")
    splitter = about.get("pre_tokenizer") or {}
    if (
        splitter.get("type") != "ByteLevel"
        or splitter.get("add_prefix_space")
        or not splitter.get("use_regex", True)
        or about.get("normalizer")
    ):
        raise UnsupportedModel(
            "tokenizer.json prepares text otherwise than GPT-2 does (pre_tokenizer or normalizer); only ByteLevel without prefix space is supported."
        )
    for setting in ("continuing_subword_prefix", "end_of_word_suffix", "byte_fallback", "ignore_merges"):
        if model.get(setting):
            raise UnsupportedModel(
                f"{setting} is {model[setting]!r} in tokenizer.json; GPT-2's BPE has none, and only that is supported."
            )
    added = {str(entry["content"]): entry["id"] for entry in about.get("added_tokens") or ()}
    return byte_level(_ids(model.get("vocab") or {}) | _ids(added), model.get("merges") or [], vocab_size)


def _without_merges(ids: Mapping[str, int], vocab_size: int) -> Tokenizer:
    """All 256 bytes among the entries: byte-level BPE whose ranks are its ids. Else every entry is plain text."""
    special = {END_OF_TEXT: ids[END_OF_TEXT]} if END_OF_TEXT in ids else {}
    ordinary = {
        token: i for token, i in sorted(ids.items(), key=lambda item: item[1]) if token not in special and token
    }
    if not all(character in ids for character in BYTE_OF_CHARACTER):
        plain = {token.encode(): i for token, i in ordinary.items()}
        return PlainTokenizer(plain, special=special, vocab_size=vocab_size)
    token_ids = {_bytes(token): i for token, i in ordinary.items() if all(c in BYTE_OF_CHARACTER for c in token)}
    special |= {token: i for token, i in ordinary.items() if not all(c in BYTE_OF_CHARACTER for c in token)}
    return Tokenizer(token_ids, "foreign", token_ids=token_ids, special=special, vocab_size=vocab_size)


def _bytes(token: str) -> bytes:
    try:
        return bytes(BYTE_OF_CHARACTER[character] for character in token)
    except KeyError as error:
        raise DamagedVocabulary(
            f"{token!r} holds {error.args[0]!r}, which stands for no byte in GPT-2's alphabet. Copy the vocabulary again."
        ) from error


def _ids(words: Mapping[Any, Any]) -> dict[str, int]:
    """Raises: DamagedVocabulary unless every token has an id of its own."""
    for word, token_id in words.items():
        if isinstance(token_id, bool) or not isinstance(token_id, int) or token_id < 0:
            raise DamagedVocabulary(
                f"The vocabulary gives {word!r} the id {token_id!r}; ids are whole numbers from 0. Copy it again."
            )
    if len(set(words.values())) < len(words):
        raise DamagedVocabulary("The vocabulary gives two tokens the same id. Copy it again.")
    return dict(words)


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8").replace("\r\n", "\n")
    except (OSError, UnicodeDecodeError) as error:
        raise DamagedVocabulary(f"{path.name} cannot be read as UTF-8 text. Copy it again.") from error
