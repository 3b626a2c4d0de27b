"""Learning a byte-pair vocabulary from a text: which pair of neighbours becomes a token next, and how often it was met.

Source: Sennrich et al., "Neural Machine Translation of Rare Words with Subword Units", 2016; Radford et al., "Language Models are
Unsupervised Multitask Learners", 2019 (bytes, and pieces that no merge crosses).
"""

from __future__ import annotations

import heapq
import itertools
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import regex

from gpt2core.errors import InvalidSetting
from gpt2core.ranges import whole
from gpt2core.tokenizer import END_OF_TEXT, N_MERGEABLE, SPLIT_PATTERN, Tokenizer, gpt2_ranks, without_surrogates

N_BYTES = 256
LEAST_VOCABULARY = N_BYTES + 1  # the single bytes and end-of-text
MOST_VOCABULARY = N_MERGEABLE + 1  # GPT-2's own

_Pair = tuple[int, int]


@dataclass(frozen=True)
class LearnedMerge:
    """One step of the training. number: from 0. left, right: the tokens that become one from now on. count: how often they stood next to
    each other in the whole text, overlaps in runs such as "aaa" counted twice. n_tokens: how many tokens the text has after it.
    tied: the pair that was met as often and comes later by the rule, None where no pair was."""

    number: int
    left: bytes
    right: bytes
    count: int
    n_tokens: int
    tied: tuple[bytes, bytes] | None = None

    @property
    def token(self) -> bytes:
        return self.left + self.right


def bpe_merges(text: str, vocab_size: int) -> Iterator[LearnedMerge]:
    """The merges that a vocabulary of `vocab_size` tokens (256 bytes, merges, end-of-text) learns from `text`, each as soon as it is known;
    fewer where no pair is left.

    The pair that is met most often is next; of equals the one whose left token is older, then whose right token is (single bytes in
    GPT-2's order), as the library `tokenizers` has it. Pieces are cut as GPT-2 cuts them, and no merge crosses a cut; lines of
    `<|endoftext|>` only separate documents.

    Raises: InvalidSetting for a vocabulary outside 257 to 50,257.
    """
    vocab_size = _checked(vocab_size)
    counts = Counter(
        piece.encode()
        for part in text.split(END_OF_TEXT)
        for piece in regex.findall(SPLIT_PATTERN, without_surrogates(part))
    )
    return _Words(counts).learned(vocab_size - LEAST_VOCABULARY)


def train_bpe(text: str, vocab_size: int) -> Tokenizer:
    """The vocabulary that `text` teaches: the 256 bytes in GPT-2's order, then the merges of bpe_merges, then end-of-text.

    Raises: InvalidSetting as bpe_merges.
    """
    return tokenizer_of(bpe_merges(text, vocab_size))


def tokenizer_of(merges: Iterator[LearnedMerge] | list[LearnedMerge], name: str = "trained") -> Tokenizer:
    """The tokenizer of some merges, all or the first so many."""
    ranks = dict(zip(_single_bytes(), itertools.count(), strict=False))
    pairs: dict[tuple[bytes, bytes], int] = {}
    for merge in merges:
        pairs[merge.left, merge.right] = len(pairs)
        ranks.setdefault(merge.token, len(ranks))
    return Tokenizer(ranks, f"{name}-{len(ranks) + 1}", pairs=pairs)


def _single_bytes() -> list[bytes]:
    """All 256, in GPT-2's order."""
    return sorted((token for token in gpt2_ranks() if len(token) == 1), key=gpt2_ranks().__getitem__)


def _checked(vocab_size: int) -> int:
    if whole("vocab_size", vocab_size, 0) > MOST_VOCABULARY or vocab_size < LEAST_VOCABULARY:
        raise InvalidSetting(
            "A vocabulary of {n:,} cannot be trained: choose {least:,} (no merges) to {most:,}.",
            n=vocab_size,
            least=LEAST_VOCABULARY,
            most=MOST_VOCABULARY,
        )
    return vocab_size


class _Words:
    """The distinct pieces of a text as lists of token ids, how often each comes, and where each pair of neighbours stands."""

    def __init__(self, counts: Counter[bytes]) -> None:
        self.tokens = _single_bytes()
        self.ids = {token: number for number, token in enumerate(self.tokens)}
        self.words = [[self.ids[piece[at : at + 1]] for at in range(len(piece))] for piece in counts]
        self.times = list(counts.values())
        self.pairs: Counter[_Pair] = Counter()
        self.where: defaultdict[_Pair, set[int]] = defaultdict(set)
        for number, word in enumerate(self.words):
            for pair in itertools.pairwise(word):
                self.pairs[pair] += self.times[number]
                self.where[pair].add(number)
        self.waiting = [(-count, pair) for pair, count in self.pairs.items()]
        heapq.heapify(self.waiting)
        self.n_tokens = sum(len(word) * times for word, times in zip(self.words, self.times, strict=True))

    def learned(self, n_merges: int) -> Iterator[LearnedMerge]:
        """Until n_merges tokens are new; a token that two different pairs spell is new once."""
        n_tokens, number = len(self.tokens) + n_merges, 0
        while len(self.tokens) < n_tokens and (best := self._most_met()) is not None:
            heapq.heappop(self.waiting)
            pair, count = best, self.pairs[best]
            second = self._most_met(after=pair)
            tied = second if second is not None and self.pairs[second] == count else None
            left, right = (self.tokens[part] for part in pair)
            told = None if tied is None else (self.tokens[tied[0]], self.tokens[tied[1]])
            self._merge(pair)
            yield LearnedMerge(number, left, right, count, self.n_tokens, told)
            number += 1

    def _most_met(self, after: _Pair | None = None) -> _Pair | None:
        """The pair at the top of the heap, what has changed since it was put there taken away or put in anew; None if none is left.

        after: a pair that has been taken already; other entries of it do not count.
        """
        while self.waiting:
            count, pair = self.waiting[0]
            if pair != after and -count == self.pairs[pair]:
                return pair
            heapq.heappop(self.waiting)  # what has grown was put in again when it grew
            if pair != after and 0 < self.pairs[pair] < -count:
                heapq.heappush(self.waiting, (-self.pairs[pair], pair))
        return None

    def _merge(self, pair: _Pair) -> None:
        token = self.tokens[pair[0]] + self.tokens[pair[1]]
        new = self.ids.setdefault(token, len(self.tokens))
        if new == len(self.tokens):
            self.tokens.append(token)
        grown: set[_Pair] = set()
        for number in self.where.pop(pair):
            before, times = self.words[number], self.times[number]
            after = _merged(before, pair, new)
            self.words[number] = after
            self.n_tokens -= times * (len(before) - len(after))
            for one in itertools.pairwise(before):
                self.pairs[one] -= times
            for one in itertools.pairwise(after):
                self.pairs[one] += times
                if new in one:
                    self.where[one].add(number)
                    grown.add(one)
        del self.pairs[pair]
        for one in grown:
            heapq.heappush(self.waiting, (-self.pairs[one], one))


def _merged(word: list[int], pair: _Pair, new: int) -> list[int]:
    """The pair's places taken by the new token, from the left."""
    found, at = [], 0
    while at < len(word):
        if at + 1 < len(word) and (word[at], word[at + 1]) == pair:
            found.append(new)
            at += 2
        else:
            found.append(word[at])
            at += 1
    return found
