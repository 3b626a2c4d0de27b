"""A vocabulary learned from a person's text, told merge by merge, and how much shorter it makes the text."""

from __future__ import annotations

import functools
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import regex

from explorer.answers.merges import label
from explorer.catalogue import catalogue
from explorer.wording.glyphs import readable
from explorer.wording.numbers import as_given, is_whole
from gpt2core import gpt2_tokenizer
from gpt2core.bpe_training import LEAST_VOCABULARY, N_BYTES, LearnedMerge, bpe_merges
from gpt2core.errors import Gpt2CoreError, InvalidSetting
from gpt2core.tokenizer import END_OF_TEXT, cuts, gpt2_ranks, without_surrogates

say = catalogue("vocabulary_training")
LEAST, MOST, USUAL = LEAST_VOCABULARY + 3, 8192, 512  # tokens in the vocabulary
MAX_CHARACTERS = 2_000_000
EXCERPT = 1_000  # characters that are shown retokenized
TICK_SECONDS = 0.2
LAST_SHOWN = 10  # merges, while it learns
# Of GPT-2's own list, whose beginnings are the other curve.
GPT2_SIZES = (257, 300, 400, 512, 724, 1024, 1448, 2048, 2896, 4096, 5793, 8192)


@dataclass(frozen=True)
class Learning:
    """How far it is: `merges` so far, a list that grows. n_bytes: of the text. over: nothing more is to come."""

    merges: list[LearnedMerge]
    n_wanted: int
    n_bytes: int
    over: bool = False

    @property
    def vocab_size(self) -> int:
        return N_BYTES + len({merge.token for merge in self.merges}) + 1


def checked_size(size: Any) -> int:
    """Raises: InvalidSetting."""
    if not is_whole(size, LEAST, MOST):
        raise InvalidSetting(say("bad_size", value=as_given(size), least=LEAST, most=MOST))
    return int(size)


def checked_text(text: Any) -> str:
    """Raises: InvalidSetting."""
    if not isinstance(text, str) or not text.strip():
        raise InvalidSetting(say("no_text"))
    if len(text) > MAX_CHARACTERS:
        raise InvalidSetting(say("too_long", n=len(text), limit=MAX_CHARACTERS, excess=len(text) - MAX_CHARACTERS))
    return without_surrogates(text)


def learning(text: Any, size: Any) -> Iterator[Learning]:
    """The merges that `text` teaches, told every TICK_SECONDS; close it to give up.

    Raises: InvalidSetting, NothingToMerge.
    """
    text, size = checked_text(text), checked_size(size)
    progress = Learning([], size - LEAST_VOCABULARY, len(text.encode()))
    told = time.monotonic()
    for merge in bpe_merges(text, size):
        progress.merges.append(merge)
        if time.monotonic() - told > TICK_SECONDS:
            yield progress
            told = time.monotonic()
    if not progress.merges:
        raise NothingToMerge
    yield Learning(progress.merges, progress.n_wanted, progress.n_bytes, over=True)


class NothingToMerge(Gpt2CoreError):
    """A text in which no two characters stand next to each other inside a piece."""

    def __init__(self) -> None:
        super().__init__(say("nothing_to_merge"))


def in_words(done: Learning) -> str:
    """What was learned, in one sentence."""
    n_tokens = done.merges[-1].n_tokens
    told = say("learned", n=len(done.merges), bytes=done.n_bytes, tokens=n_tokens, each=done.n_bytes / n_tokens)
    return told if len(done.merges) >= done.n_wanted else f"{told} {say('ended_early')}"


def merge_in_words(merge: LearnedMerge) -> str:
    left, right, made = label(merge.left), label(merge.right), label(merge.token)
    return say("merge", number=merge.number + 1, left=left, right=right, made=made, count=merge.count)


def told(done: Learning, text: str) -> dict[str, Any]:
    """For widgets/learned: every merge, the beginning of the text to be cut by any number of them, and the two curves.

    ids: a token's place in the vocabulary; `merges` are [left, right, made, count, tokens of the text after it, tied left, tied right]
    (-1: none).
    """
    ids = {token: token_id for token, token_id in gpt2_ranks().items() if token_id < N_BYTES}
    rows: list[list[int]] = []
    for merge in done.merges:
        made = ids.setdefault(merge.token, len(ids))
        tied = (-1, -1) if merge.tied is None else (ids[merge.tied[0]], ids[merge.tied[1]])
        rows.append([ids[merge.left], ids[merge.right], made, merge.count, merge.n_tokens, *tied])
    excerpt = _excerpt(text)
    return {
        "merges": rows,
        "texts": [label(token) for token in ids],
        "sizes": [len(token) for token in ids],
        "bytes": done.n_bytes,
        "pieces": [[ids[bytes([byte])] for byte in piece.encode()] for _, piece in cuts(excerpt)],
        "characters": [[readable(one.encode()), len(one.encode())] for one in regex.findall(r"\X", excerpt)],
        "whole": len(excerpt) == len(text),
        "gpt2": compression_of_gpt2(text, done.n_bytes),
    }


def _excerpt(text: str) -> str:
    """The beginning, up to the end of a piece; lines that separate documents belong to no piece."""
    text = text.split(END_OF_TEXT, maxsplit=1)[0] or text.replace(END_OF_TEXT, "")
    found = ""
    for _, piece in cuts(text[: 2 * EXCERPT]):
        if found and len(found) + len(piece) > EXCERPT:
            break
        found += piece
    return found[:EXCERPT]


def compression_of_gpt2(text: str, n_bytes: int) -> list[list[float]]:
    """[vocabulary size, bytes a token] of the beginnings of GPT-2's list, on the same text."""
    return [[size, n_bytes / max(1, len(gpt2_tokenizer(size).encode(text)))] for size in GPT2_SIZES]


@functools.cache
def learned_from_sample(text: str) -> tuple[Learning, dict[str, Any]]:
    """What the tab opens with."""
    *_, done = learning(text, USUAL)
    return done, told(done, text)


def last_merges(merges: Sequence[LearnedMerge]) -> list[str]:
    """While it learns: the newest, the last one first."""
    return [merge_in_words(merge) for merge in reversed(merges[-LAST_SHOWN:])]
