"""The picked word in all casings and spacings: every form once, with the ids that the tokenizer gives it."""

from __future__ import annotations

import pytest

from explorer.answers.token_family import LONGEST_WORD, family_of, in_words
from gpt2core import gpt2_tokenizer
from gpt2core.tokenizer import PlainTokenizer

TOKENIZER = gpt2_tokenizer()


@pytest.mark.parametrize(
    ("piece", "forms"),
    [
        (" Lily", ["lily", "Lily", "LILY", " lily", " Lily", " LILY"]),
        ("hELLO", ["hello", "Hello", "HELLO", "hELLO", " hello", " Hello", " HELLO", " hELLO"]),
        ("I", ["i", "I", " i", " I"]),
        (" über", ["über", "Über", "ÜBER", " über", " Über", " ÜBER"]),
        ("天", ["天", " 天"]),
    ],
)
def test_every_casing_stands_once_without_and_with_a_space(piece, forms):
    family = family_of(piece.encode(), TOKENIZER)
    assert [form.text for form in family.all_forms] == forms
    assert [list(form.token_ids) for form in family.all_forms] == [TOKENIZER.encode(form) for form in forms]
    assert [form.text for form in family.all_forms].count(family.written) == 1
    assert family.written == piece


@pytest.mark.parametrize(
    "piece", [b" ", b"\n\n", b" 123", b"!?", b"\xf0\x9f", b"a" * (LONGEST_WORD + 1), "😀".encode()]
)
def test_what_is_no_word_has_no_family(piece):
    assert family_of(piece, TOKENIZER) is None


def test_it_is_told_how_many_forms_are_one_token():
    assert in_words(family_of(b" cat", TOKENIZER)).startswith(
        "“cat” can be written in these 6 ways; 5 of these are a single token."
    )
    single = sum(len(TOKENIZER.encode(form)) == 1 for form in ("cat", "Cat", "CAT", " cat", " Cat", " CAT"))
    assert single == 5


def test_a_vocabulary_without_a_letter_says_nothing_of_that_form():
    family = family_of(b"ab", PlainTokenizer({b"a": 0, b"b": 1}))
    assert [form.token_ids for form in family.all_forms] == [(0, 1), (), (), (), (), ()]
