"""The vocabulary of a model folder: all of its files together, because each can change what the others mean."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from pathlib import Path

from gpt2core.errors import DamagedVocabulary, NotInVocabulary, UnsupportedModel
from gpt2core.files import read_json, read_small, write_atomically
from gpt2core.foreign.bytelevel import (
    BYTE_OF_CHARACTER,
    byte_level,
    checked_ids,
    checked_merges,
    gpt2_merges,
    is_spelled,
    merges_in_order,
    spelled,
)
from gpt2core.foreign.tokenizer_settings import (
    ADDED_FILE,
    SETTINGS_FILE,
    SPECIAL_FILE,
    check_settings,
    check_tokenizer_json,
    named_tokens,
)
from gpt2core.tokenizer import END_OF_TEXT, PlainTokenizer, Tokenizer

VOCAB_FILE, MERGES_FILE, TOKENIZER_FILE, LIST_FILE = "vocab.json", "merges.txt", "tokenizer.json", "vocab.txt"
# Vocabularies of other kinds, which transformers would read.
_OTHER_FILES = ("tokenizer.model", "spiece.model", "sentencepiece.bpe.model", "tekken.json", "bpe.codes")
FILES = (VOCAB_FILE, MERGES_FILE, TOKENIZER_FILE, LIST_FILE, SETTINGS_FILE, SPECIAL_FILE, ADDED_FILE, *_OTHER_FILES)


def read_vocabulary(folder: Path, vocab_size: int) -> Tokenizer | None:
    """The tokenizer of somebody's model folder, or None where it has no vocabulary. vocab_size: rows of the model.

    Byte-level BPE as GPT-2's, from tokenizer.json or from vocab.json and merges.txt, which must agree where all are there; or a list of
    single characters. Its ids are those of transformers, except that text never encodes to a token with a name (`<|endoftext|>`).
    Raises: DamagedVocabulary; UnsupportedModel for a tokenizer that does not work as GPT-2's does.
    """
    has = {name: (folder / name).exists() for name in (VOCAB_FILE, MERGES_FILE, TOKENIZER_FILE, LIST_FILE)}
    other = next((name for name in _OTHER_FILES if (folder / name).exists()), None)
    if other is None and has[LIST_FILE] and sum(has.values()) > 1:
        other = LIST_FILE
    if other is not None:
        raise UnsupportedModel(
            "{folder!r} holds {file}, a vocabulary of another kind than GPT-2's. Without its vocabulary files the folder opens by token ids.",
            folder=folder.name,
            file=other,
        )
    if not any(has.values()):
        return None
    settings = check_settings(folder, has_tokenizer_json=has[TOKENIZER_FILE])
    if has[LIST_FILE]:
        return _fitting(_characters(_listed(folder / LIST_FILE), (), vocab_size), folder, vocab_size)
    ids, merges, added = _found(folder, has)
    names = named_tokens(folder, settings, added, ids)
    # a name that was given no id in any file may stand beyond the model's rows, where it is never used
    ids |= {name: i for name, i in names.items() if i < vocab_size or name in ids}
    checked_ids(ids)
    if merges is None:
        merges = gpt2_merges(ids)
    tokenizer = _characters(ids, names, vocab_size) if merges is None else byte_level(ids, merges, vocab_size)
    return _fitting(tokenizer, folder, vocab_size)


def _found(folder: Path, has: Mapping[str, bool]) -> tuple[dict[str, int], list[tuple[str, str]] | None, object]:
    """Ids, merges (None: there are none) and added tokens, from whichever files there are. Raises: DamagedVocabulary."""
    if has[MERGES_FILE] and not has[VOCAB_FILE] and not has[TOKENIZER_FILE]:
        raise DamagedVocabulary(
            "{folder!r} holds {merges} without {vocab}. Copy both files.",
            folder=folder.name,
            merges=MERGES_FILE,
            vocab=VOCAB_FILE,
        )
    ids = checked_ids(read_json(folder / VOCAB_FILE)) if has[VOCAB_FILE] else {}
    merges = _merges(folder / MERGES_FILE) if has[MERGES_FILE] else None
    if not has[TOKENIZER_FILE]:
        return ids, merges, None
    about = read_json(folder / TOKENIZER_FILE)
    model = check_tokenizer_json(about)
    theirs, their_merges = checked_ids(model.get("vocab")), checked_merges(_list(model.get("merges")))
    added = _list(about.get("added_tokens"))
    also = {str(entry.get("content")): entry.get("id") for entry in added if isinstance(entry, dict)}
    differing = next((token for token, i in ids.items() if (theirs | also).get(token) != i), None)
    if differing is None and ids:
        differing = next((token for token in theirs if token not in ids), None)
    if differing is not None:
        raise DamagedVocabulary(
            "{one} and {other} in {folder!r} give {token!r} different ids. Take out the file that is not the model's.",
            one=VOCAB_FILE,
            other=TOKENIZER_FILE,
            folder=folder.name,
            token=differing,
        )
    if merges is not None and merges != their_merges:
        raise DamagedVocabulary(
            "{one} and {other} in {folder!r} hold different merges. Take out the file that is not the model's.",
            one=MERGES_FILE,
            other=TOKENIZER_FILE,
            folder=folder.name,
        )
    return theirs, their_merges, added


def read_own_vocabulary(folder: Path, vocab_size: int) -> Tokenizer:
    """What write_vocabulary wrote. Raises: DamagedVocabulary."""
    ids = checked_ids(read_json(folder / VOCAB_FILE))
    if (folder / MERGES_FILE).exists():
        return _fitting(byte_level(ids, _merges(folder / MERGES_FILE), vocab_size), folder, vocab_size)
    special = {END_OF_TEXT: ids.pop(END_OF_TEXT)} if END_OF_TEXT in ids else {}
    plain = {token.encode(): i for token, i in ids.items()}
    return _fitting(PlainTokenizer(plain, special=special, vocab_size=vocab_size), folder, vocab_size)


def vocabulary_files(tokenizer: Tokenizer) -> dict[str, bytes | None]:
    """The files that read_own_vocabulary reads back, by name: vocab.json and merges.txt; None: must not be there, as in a plain vocabulary.

    Raises: DamagedVocabulary, NotInVocabulary for a vocabulary that files cannot hold.
    """
    plain = isinstance(tokenizer, PlainTokenizer)
    try:
        ids = {(token.decode() if plain else spelled(token)): i for token, i in tokenizer.token_ids.items()}
    except UnicodeDecodeError as error:
        raise NotInVocabulary(
            "The vocabulary holds {token!r}, which is no text, so it cannot be written as a list of texts. Take it out.",
            token=error.object,
        ) from error
    words = json.dumps(ids | tokenizer.special, ensure_ascii=False).encode()
    if plain:
        return {VOCAB_FILE: words, MERGES_FILE: None}
    lines = ["#version: 0.2", *(f"{spelled(a)} {spelled(b)}" for a, b in merges_in_order(tokenizer))]
    return {VOCAB_FILE: words, MERGES_FILE: ("\n".join(lines) + "\n").encode()}


def write_vocabulary(tokenizer: Tokenizer, folder: Path) -> None:
    """vocabulary_files, in a folder."""
    for name, content in vocabulary_files(tokenizer).items():
        if content is None:
            (folder / name).unlink(missing_ok=True)
        else:
            write_atomically(folder / name, content)


def _characters(ids: Mapping[str, int], names: Collection[str], vocab_size: int) -> Tokenizer:
    """A list of single characters, where there is one way only to cut a text. Raises: UnsupportedModel for any other list."""
    special = {token: i for token, i in ids.items() if token == END_OF_TEXT or token in names}
    ordinary = {token: i for token, i in ids.items() if token not in special}
    longer = next((token for token in ordinary if len(token) != 1), None)
    if longer is not None:
        raise UnsupportedModel(
            "The vocabulary is a list with {token!r} in it and without merges, so nothing says how text is cut. "
            "Copy its merges.txt or tokenizer.json too; without its vocabulary files the folder opens by token ids.",
            token=longer,
        )
    if all(map(is_spelled, ordinary)) and any(token in BYTE_OF_CHARACTER and ord(token) > 0x7E for token in ordinary):
        raise UnsupportedModel(
            "The vocabulary is a list of characters that may stand for themselves or for bytes (Ġ for a space), and nothing says which. "
            "Copy its merges.txt or tokenizer.json too; without its vocabulary files the folder opens by token ids."
        )
    plain = {token.encode(): i for token, i in sorted(ordinary.items(), key=lambda item: item[1])}
    return PlainTokenizer(plain, special=special, vocab_size=vocab_size)


def _listed(path: Path) -> dict[str, int]:
    """One token a line. Raises: DamagedVocabulary for a token that stands there twice."""
    entries = _text(path).removesuffix("\n").split("\n")
    if len(set(entries)) < len(entries):
        raise DamagedVocabulary("{file} lists a token twice. Copy it again.", file=path.name)
    return {entry: i for i, entry in enumerate(entries)}


def _merges(path: Path) -> list[tuple[str, str]]:
    return checked_merges(line for line in _text(path).split("\n") if line.strip() and not line.startswith("#version"))


def _list(value: object) -> list[object]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise DamagedVocabulary("tokenizer.json holds no list where one belongs. Copy it again.")
    return value


def _fitting(tokenizer: Tokenizer, folder: Path, vocab_size: int) -> Tokenizer:
    if tokenizer.vocab_size > vocab_size:
        raise DamagedVocabulary(
            "The vocabulary in {folder!r} has an id {last:,}, but the model's ids end at {end:,}. Use the vocabulary that belongs to it.",
            folder=folder.name,
            last=tokenizer.vocab_size - 1,
            end=vocab_size - 1,
        )
    return tokenizer


def _text(path: Path) -> str:
    """Without the mark that some editors put first, and with LF at the end of lines. Raises: DamagedVocabulary, UnreadableCheckpoint."""
    try:
        return read_small(path).decode("utf-8-sig").replace("\r\n", "\n")
    except (OSError, UnicodeDecodeError) as error:
        raise DamagedVocabulary("{file} cannot be read as UTF-8 text. Copy it again.", file=path.name) from error
