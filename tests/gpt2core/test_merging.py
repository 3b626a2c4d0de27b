"""Merging in O(n log n) and block by block gives what merging step by step gives, for vocabularies of every kind."""

from __future__ import annotations

import itertools
import random

import pytest

from gpt2core.merging import Merge, Piece, Rank, joints_in_order, tokens_of


def step_by_step(data: bytes, rank: Rank) -> list[tuple[bytes, ...]]:
    """The definition: every state of the piece, looking at all pairs before each merge."""
    states = [tuple(data[i : i + 1] for i in range(len(data)))]
    while True:
        parts = states[-1]
        ranked = [(known, i) for i, pair in enumerate(itertools.pairwise(parts)) if (known := rank(*pair)) is not None]
        if not ranked:
            return states
        _, i = min(ranked)
        states.append((*parts[:i], parts[i] + parts[i + 1], *parts[i + 2 :]))


def random_rank(seed: int, alphabet: bytes, *, by_pairs: bool) -> Rank:
    """Ranks in no order that training would give: a long token may come before what it is made of, two pairs may share a rank."""
    dice = random.Random(seed)
    tokens = [bytes([byte]) for byte in alphabet]
    pairs: dict[tuple[bytes, bytes], int] = {}
    for _ in range(30):
        left, right = dice.choice(tokens), dice.choice(tokens)
        if len(left + right) <= 12:
            pairs[left, right] = dice.randrange(25)
            tokens.append(left + right)
    if by_pairs:
        return lambda left, right: pairs.get((left, right))
    ranks = {left + right: known for (left, right), known in pairs.items()}
    return lambda left, right: ranks.get(left + right)


CASES = [(seed, alphabet, by_pairs) for seed in range(25) for alphabet in (b"a", b"ab", b"abcd") for by_pairs in (True, False)]  # fmt: skip


def texts(seed: int, alphabet: bytes) -> list[bytes]:
    dice = random.Random(seed)
    return [bytes(dice.choice(alphabet) for _ in range(n)) for n in (0, 1, 2, 3, 7, 40, 150)]


@pytest.mark.parametrize(("seed", "alphabet", "by_pairs"), CASES)
def test_every_state_of_the_history_is_that_of_merging_step_by_step(seed: int, alphabet: bytes, by_pairs: bool) -> None:
    rank = random_rank(seed, alphabet, by_pairs=by_pairs)
    for data in texts(seed, alphabet):
        states = step_by_step(data, rank)
        piece = Piece(data, states[0], joints_in_order(data, rank))
        assert [piece.parts_after(n) for n in range(len(piece.joints) + 1)] == states
        assert piece.tokens == states[-1]


@pytest.mark.parametrize(("seed", "alphabet", "by_pairs"), CASES)
@pytest.mark.parametrize("block", [1, 2, 5, 16])
def test_tokens_found_block_by_block_are_those_of_the_whole(
    seed: int, alphabet: bytes, by_pairs: bool, block: int
) -> None:
    rank = random_rank(seed, alphabet, by_pairs=by_pairs)
    for data in texts(seed, alphabet):
        assert tokens_of(data, lambda part: step_by_step(part, rank)[-1], block) == step_by_step(data, rank)[-1]


def test_a_merge_says_which_two_parts_met_and_where() -> None:
    ranks = {b"ab": 0, b"cd": 1, b"abcd": 2}
    data = b"xabcd"
    piece = Piece(data, tuple(data[i : i + 1] for i in range(5)), joints_in_order(data, lambda a, b: ranks.get(a + b)))
    assert list(piece.merges()) == [Merge(1, 2, 3), Merge(3, 4, 5), Merge(1, 3, 5)]
    assert piece.tokens == (b"x", b"abcd")


def test_what_begins_as_a_whole_stays_one() -> None:
    assert Piece(b"ab", (b"ab",), ()).tokens == (b"ab",)
    assert list(Piece(b"ab", (b"ab",), ()).merges()) == []


def test_what_repeats_itself_is_merged_once() -> None:
    seen: list[bytes] = []
    known: dict[bytes, tuple[bytes, ...]] = {}

    def merged(data: bytes) -> tuple[bytes, ...]:
        if data not in known:
            seen.append(data)
            known[data] = step_by_step(data, lambda a, b: {b"aa": 0, b"aaaa": 1}.get(a + b))[-1]
        return known[data]

    assert tokens_of(b"a" * 10_001, merged, 64) == (*[b"aaaa"] * 2500, b"a")
    assert len(seen) < 10
