"""The vocabularies that people train on texts of their own: kept by a key that cannot be guessed, the newest few of all sessions."""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from explorer.catalogue import catalogue
from gpt2core import Gpt2CoreError, Tokenizer
from gpt2core.bpe_training import LearnedMerge, tokenizer_of

MOST_KEPT = 64


@dataclass(frozen=True)
class OwnVocabulary:
    """What was learned from a text: `merges` in their order. tokenizer: of all of them, with end-of-text as its last token."""

    merges: tuple[LearnedMerge, ...]

    @cached_property
    def tokenizer(self) -> Tokenizer:
        return tokenizer_of(list(self.merges), "own")


class VocabularyNotKept(Gpt2CoreError):
    """A key that this server does not know, or not any more."""

    def __init__(self) -> None:
        super().__init__(catalogue("vocabulary_training")("not_kept"))


class VocabularyStore:
    def __init__(self, most: int = MOST_KEPT) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, OwnVocabulary] = OrderedDict()

    def add(self, merges: Sequence[LearnedMerge]) -> str:
        """Keep what was learned; the key that opens it."""
        key = f"vocabulary-{secrets.token_urlsafe(12)}"
        with self._lock:
            self._kept[key] = OwnVocabulary(tuple(merges))
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return key

    def get(self, key: object) -> OwnVocabulary:
        """Raises: VocabularyNotKept."""
        with self._lock:
            if not isinstance(key, str) or key not in self._kept:
                raise VocabularyNotKept
            self._kept.move_to_end(key)
            return self._kept[key]
