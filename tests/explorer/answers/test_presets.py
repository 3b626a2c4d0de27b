"""GPT-2's ids are tiktoken's on what the Tokens tab shows, on the project's texts, and on random strings of all of Unicode; and the merges
shown rebuild exactly these tokens."""

from __future__ import annotations

import itertools
import random
from pathlib import Path

import pytest
import tiktoken

from explorer.answers.presets import PRESETS
from gpt2core import gpt2_tokenizer
from gpt2core.tokenizer import SPLIT_PATTERN, cuts, gpt2_ranks, without_surrogates

SHARED = Path(__file__).parents[4] / "shared" / "data"
PATTERN_OF_TIKTOKEN = r"""'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s"""


@pytest.fixture(scope="module")
def reference() -> tiktoken.Encoding:
    """As tiktoken defines its r50k_base, from the same file."""
    return tiktoken.Encoding("r50k", pat_str=PATTERN_OF_TIKTOKEN, mergeable_ranks=gpt2_ranks(), special_tokens={})


def rebuilt(text: str) -> list[int]:
    """The ids that the merges shown end in, each found by joining the pair of lowest rank anew."""
    tokenizer = gpt2_tokenizer()
    found = []
    for piece in tokenizer.pieces(text):
        for n in range(len(piece.joints)):
            parts = piece.parts_after(n)
            ranks = [tokenizer.rank(left, right) for left, right in itertools.pairwise(parts)]
            lowest = min(rank for rank in ranks if rank is not None)
            place = ranks.index(lowest)
            after = (*parts[:place], parts[place] + parts[place + 1], *parts[place + 2 :])
            assert after == piece.parts_after(n + 1)
        found += [tokenizer.token_ids[token] for token in piece.tokens]
    return found


@pytest.mark.parametrize("name", PRESETS)
def test_ids_of_every_preset_are_tiktokens_and_its_merges_rebuild_them(reference, name):
    ids = gpt2_tokenizer().encode(PRESETS[name])
    assert ids == reference.encode_ordinary(PRESETS[name]) == rebuilt(PRESETS[name])


@pytest.mark.parametrize("name", ["the-verdict.txt", "tinystories_10269.txt"])
def test_ids_of_the_projects_texts_are_tiktokens(reference, name):
    path = SHARED / name
    if not path.is_file():
        pytest.skip(f"{name} is not on this machine")
    text = path.read_text(encoding="utf-8")
    assert gpt2_tokenizer().encode(text) == reference.encode_ordinary(text)


def random_text(chance: random.Random) -> str:
    """Of all planes, with runs, spaces, joiners, marks, controls and lone surrogates among them."""
    ranges = [(0, 128), (0x80, 0x800), (0x900, 0x980), (0x600, 0x700), (0x4E00, 0x9FFF), (0x1F300, 0x1FAFF)]
    odd = [" ", "  ", "\n", "\u200d", "\u0301", "\u202e", "\0", "\ud800", "\udc00", "'s", "\U0010ffff", "\u3000"]
    parts = [
        chance.choice(odd) if chance.random() < 0.25 else chr(chance.randrange(*chance.choice(ranges)))
        for _ in range(chance.randrange(1, 40))
    ]
    return "".join(part * chance.choice((1, 1, 1, 3)) for part in parts)


def test_ids_of_two_thousand_random_strings_are_tiktokens_and_their_merges_rebuild_them(reference):
    chance, tokenizer = random.Random(14), gpt2_tokenizer()
    for _ in range(2_000):
        text = random_text(chance)
        ids = tokenizer.encode(text)
        assert ids == reference.encode_ordinary(without_surrogates(text))
        assert ids == [tokenizer.token_ids[token] for piece in tokenizer.pieces(text) for token in piece.tokens]
        assert "".join(piece for _, piece in cuts(text)) == without_surrogates(text)
        assert [piece.encode() for _, piece in cuts(text)] == [piece.data for piece in tokenizer.pieces(text)]


def test_merges_of_random_strings_join_the_lowest_rank_at_every_step():
    chance = random.Random(41)
    for _ in range(150):
        text = random_text(chance)
        assert rebuilt(text) == gpt2_tokenizer().encode(text)


def test_rules_together_are_the_pattern():
    assert SPLIT_PATTERN == r"'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"


def test_pairs_met_are_all_that_stood_side_by_side_at_some_step():
    for text in (" antidisestablishmentarianism", "😀😀", "banana", "-" * 40, "a"):
        (piece,) = gpt2_tokenizer(2000).pieces(text)
        slow = set()
        for n in range(len(piece.joints) + 1):
            parts = piece.parts_after(n)
            slow |= set(itertools.pairwise(parts))
        assert set(piece.pairs_met()) == slow
