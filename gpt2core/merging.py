"""Byte-pair merges of one piece of text: found in O(n log n), their whole history kept in one number a merge.

n bytes of the piece. A rank says how early a merge was learned; of two neighbouring parts it is None if they never merge.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

Rank = Callable[[bytes, bytes], int | None]
BLOCK = 512  # bytes merged at a time where only the end of the history is asked for


@dataclass(frozen=True)
class Merge:
    """One step on one piece: its parts data[start:middle] and data[middle:end] became one."""

    start: int
    middle: int
    end: int


@dataclass(frozen=True)
class Piece:
    """One stretch of text that merges never cross, and all that happened to it.

    parts: what it starts from, its single bytes. joints: for each merge, in order, the place in `data` at which two parts met.
    """

    data: bytes
    parts: tuple[bytes, ...]
    joints: tuple[int, ...]

    @cached_property
    def tokens(self) -> tuple[bytes, ...]:
        """What no merge is left for."""
        return self.parts_after(len(self.joints))

    def parts_after(self, n_merges: int) -> tuple[bytes, ...]:
        """The piece after its first n_merges."""
        gone = set(self.joints[:n_merges])
        ends = itertools.accumulate(map(len, self.parts))
        cuts = [0, *(end for end in ends if end not in gone)]
        return tuple(self.data[start:end] for start, end in itertools.pairwise(cuts))

    def pairs_met(self) -> Iterator[tuple[bytes, bytes]]:
        """Every two parts that stood next to each other at some moment; a pair may come more than once."""
        yield from itertools.pairwise(self.parts)
        ends = dict(
            itertools.pairwise(itertools.accumulate(map(len, self.parts), initial=0))
        )  # of the part that begins there
        starts = {end: start for start, end in ends.items()}
        for merge in self.merges():
            del ends[merge.middle], starts[merge.middle]
            ends[merge.start], starts[merge.end] = merge.end, merge.start
            made = self.data[merge.start : merge.end]
            if merge.start:
                yield self.data[starts[merge.start] : merge.start], made
            if merge.end < len(self.data):
                yield made, self.data[merge.end : ends[merge.end]]

    def merges(self) -> Iterator[Merge]:
        """Every step in order."""
        ends = list(itertools.accumulate(map(len, self.parts)))
        starts = [0, *ends]
        end_of, start_of = dict(zip(starts, ends, strict=False)), dict(zip(ends, starts, strict=False))
        for middle in self.joints:
            start, end = start_of.pop(middle), end_of.pop(middle)
            end_of[start], start_of[end] = end, start
            yield Merge(start, middle, end)


def joints_in_order(data: bytes, rank: Rank) -> tuple[int, ...]:
    """Where byte-pair encoding joins the single bytes of `data`, in its order: of all neighbouring parts the pair of lowest rank,
    the leftmost among equals, until no pair has a rank. O(n log n).

    Source: Sennrich et al., "Neural Machine Translation of Rare Words with Subword Units", 2016; openai/gpt-2, src/encoder.py.
    """
    n = len(data)
    before, after = list(range(-1, n)), list(range(1, n + 2))  # where the part before begins, where this one ends
    waiting: list[tuple[int, int, int, int]] = []  # rank, start, middle, end

    def ask(start: int, middle: int, end: int) -> None:
        known = rank(data[start:middle], data[middle:end])
        if known is not None:
            heapq.heappush(waiting, (known, start, middle, end))

    for middle in range(1, n):
        ask(middle - 1, middle, middle + 1)
    joints: list[int] = []
    while waiting:
        _, start, middle, end = heapq.heappop(waiting)
        if after[start] != middle or after[middle] != end:
            continue  # one of the two has grown meanwhile
        joints.append(middle)
        after[start], after[middle] = end, 0  # no part begins at `middle` any more
        if end < n:
            before[end] = start
            ask(start, end, after[end])
        if start:
            ask(before[start], start, end)
    return tuple(joints)


def tokens_of(data: bytes, merged: Callable[[bytes], tuple[bytes, ...]], block: int = BLOCK) -> tuple[bytes, ...]:
    """What `merged(data)` gives, block by block, so that what repeats itself is merged once if `merged` remembers.

    merged: the tokens of a piece, by merging always the lowest rank, the leftmost among equals. Tokens one after the other are
    those of the whole exactly if each two neighbours are the tokens of what they spell. For the first merge across a boundary of
    theirs would have to be made among the same parts as when the two neighbours are merged alone, where it is not made; and
    what is merged within a boundary does not hang on what lies beyond it. So a block's tokens are kept, its last ones
    excepted, where they fit to those before; where they do not, one more token is taken back and blocks are doubled from there on,
    so that in the end the whole is one.
    Source: van Antwerpen and Neubeck, "So many tokens, so little time", 2024.
    """
    found: list[bytes] = []
    start, size = 0, block
    while start < len(data):
        new = merged(data[start : start + size])
        if found and merged(found[-1] + new[0]) != (found[-1], new[0]):
            start -= len(found.pop())
            size *= 2
            continue
        if start + size < len(data):
            new = new[: max(1, len(new) - 4)]  # what the cut through the text may have changed
        found += new
        start += sum(map(len, new))
    return tuple(found)
