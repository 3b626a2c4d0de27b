"""Tokens as stretches of text: what is a token's own, what several share byte by byte, and nothing that covers or turns its surroundings."""

from __future__ import annotations

import pytest

from explorer.wording.glyphs import MOST_MARKS, glyphs, readable, shares


def test_what_is_one_tokens_own_is_one_stretch_and_a_shared_character_stands_by_itself():
    found = glyphs([b"na", "ï".encode()[:1], "ï".encode()[1:] + b"ve"])
    assert [(glyph.text, glyph.owners) for glyph in found] == [
        ("na", ((0, 2),)),
        ("ï", ((1, 1), (2, 1))),
        ("ve", ((2, 2),)),
    ]


def test_a_letter_with_its_marks_and_a_picture_of_several_are_one_character_as_seen_and_several_else():
    data = "e\u0301👩\u200d👧".encode()
    assert [glyph.text for glyph in glyphs([data[:2], data[2:6], data[6:]])] == ["e\u0301", "👩\u200d👧"]
    one_by_one = glyphs([data[:2], data[2:6], data[6:]], as_seen=False)
    assert [glyph.text for glyph in one_by_one] == ["e", "◌\u0301", "👩", "‹U+200D›👧"]


def test_of_a_shared_character_each_token_is_told_which_bytes_are_its_own():
    data = "😀!".encode()
    tokens = [data[:1], data[1:3], data[3:]]
    assert shares(3, glyphs(tokens, as_seen=False)) == [
        [{"text": "😀", "n": 1, "first": 1, "last": 1, "of": 4}],
        [{"text": "😀", "n": 2, "first": 2, "last": 3, "of": 4}],
        [{"text": "😀", "n": 1, "first": 4, "last": 4, "of": 4}, {"text": "!", "n": 1}],
    ]


def test_no_more_marks_stand_on_a_letter_than_writing_needs():
    assert readable(("e" + "\u0301" * 300).encode()) == "e" + "\u0301" * MOST_MARKS + "◌\u0301" * (300 - MOST_MARKS)
    assert readable("हिन्दी".encode()) == "हिन्दी"


@pytest.mark.parametrize("character", ["\u202e", "\0", "\u200b", "\ufeff", "\u2066", "\u200d", "\x7f"])
def test_what_is_invisible_or_turns_the_writing_is_named(character):
    assert readable(f"a{character}".encode()) == f"a‹U+{ord(character):04X}›"
    assert "U+" in readable(character.encode())


def test_bytes_that_are_no_character_are_shown_as_they_are():
    assert [glyph.text for glyph in glyphs([b"a", b"\x80"])] == ["a", "‹80›"]
