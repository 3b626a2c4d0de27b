"""Why merges end, in the piece's own parts."""

from __future__ import annotations

import itertools

import pytest

from explorer.answers.merges import cut_by_rule, label, why_merges_end
from gpt2core import Tokenizer, gpt2_tokenizer
from gpt2core.tokenizer import PlainTokenizer


def why(text: str, tokenizer: Tokenizer) -> str:
    return why_merges_end(tokenizer.pieces(text)[0], tokenizer)


def test_a_name_that_the_model_cuts_is_told_with_what_gpt2_makes_of_it():
    assert why(" Lily", gpt2_tokenizer(8192)) == (
        "Here merging ends: of the neighbours that are left, “·L” + “ily”, none is an entry among this model's 8,192. "
        "In GPT-2's own list “·Lily” is one token, 20037."
    )


def test_a_piece_that_gpt2_does_not_have_whole_is_told_without_it():
    told = why(" zyxwv", gpt2_tokenizer(8192))
    assert told.startswith("Here merging ends: of the neighbours")
    assert "GPT-2" not in told


@pytest.mark.parametrize("vocab_size", [300, 1024, 8192, 50257])
@pytest.mark.parametrize("text", [" Lily", "antidisestablishmentarianism", "-" * 900, "日本語"])
def test_the_pairs_named_are_neighbours_at_the_end_and_no_entries(text, vocab_size):
    tokenizer = gpt2_tokenizer(vocab_size)
    tokens = tokenizer.pieces(text)[0].tokens
    told = why(text, tokenizer)
    pairs = list(dict.fromkeys(itertools.pairwise(tokens)))
    assert all(left + right not in tokenizer.ranks for left, right in pairs)
    for left, right in pairs[:3]:
        assert f"“{label(left)}” + “{label(right)}”" in told
    assert told.count("” + “") == min(3, len(pairs))
    assert (f" and {len(pairs) - 3:,} more pairs" in told) == (len(pairs) > 3)


def test_one_token_says_so():
    assert why("the", gpt2_tokenizer(8192)) == "Here merging ends: the whole piece is one token."


def test_where_pairs_are_learned_the_join_may_be_an_entry_and_still_be_no_merge():
    ranks = {bytes([byte]): byte for byte in range(256)} | {b"bc": 256, b"abc": 257}
    tokenizer = Tokenizer(ranks, token_ids=ranks, pairs={(b"b", b"c"): 0})
    assert "“a” + “bc”, this model's vocabulary of 259 joins none." in why("abc", tokenizer)


def test_a_vocabulary_without_merges_says_so():
    assert "no merges" in why("ab", PlainTokenizer({b"a": 0, b"b": 1}))


def test_long_labels_keep_their_ends_and_say_their_length():
    assert label(b"a" * 40) == "a" * 40
    assert label(b"<" + b"-" * 2000 + b">") == "<" + "-" * 15 + " … " + "-" * 15 + "> (2,002 bytes)"


def test_each_piece_has_the_rule_that_cut_it_and_a_list_without_merges_has_none():
    text = "It's 12 cats!\n\n  "
    rules = cut_by_rule(text, gpt2_tokenizer())
    assert rules == ["letters", "contraction", "numbers", "letters", "signs", "space_before"]
    assert len(rules) == len(gpt2_tokenizer().pieces(text))
    assert cut_by_rule("ab", PlainTokenizer({b"a": 0, b"b": 1})) == ["entry", "entry"]
