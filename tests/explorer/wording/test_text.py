import itertools

import pytest

from explorer.page.theme import TOKEN_TINTS, token_tint
from explorer.wording.text import hex_bytes, plotly_text, printable, token_labels
from gpt2core import gpt2_tokenizer


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        (b" the", "·the"),
        (b"\n", "↵"),
        (b"\t", "⇥"),
        (b"\xf0\x9f", "‹F0 9F›"),
        ("é".encode(), "é"),
        ("\u202e".encode(), "‹U+202E›"),  # would turn the page's text around
        ("\u200d".encode(), "‹U+200D›"),
        ("\u0301".encode(), "◌\u0301"),
        (b"\x00", "‹U+0000›"),
        ("مرحبا".encode(), "مرحبا"),
        (b"<b>", "<b>"),
    ],
)
def test_every_token_gets_a_visible_label(data: bytes, shown: str) -> None:
    assert printable(data) == shown


def test_no_token_of_gpt2_is_shown_as_a_replacement_character_or_as_nothing() -> None:
    tokenizer = gpt2_tokenizer()
    labels = token_labels(range(tokenizer.vocab_size), tokenizer)
    assert not [label for label in labels if not label.text.strip()]
    # the replacement character may appear only where the token really is that character
    fake = [label for label in labels if "\ufffd" in label.text and b"\xef\xbf\xbd" not in bytes.fromhex(label.hex)]
    assert not fake


def test_the_bytes_of_the_labels_are_the_bytes_of_the_text() -> None:
    text = "A 👩‍👩‍👧 in مرحبا\n"
    tokenizer = gpt2_tokenizer()
    labels = token_labels(tokenizer.encode(text), tokenizer)
    assert bytes.fromhex("".join(label.hex for label in labels)).decode() == text
    assert [label.whole for label in labels].count(False) > 0  # the emoji is cut inside characters


def test_ids_alone_are_shown_where_a_model_has_no_vocabulary() -> None:
    assert [label.text for label in token_labels([3, 14], None)] == ["#3", "#14"]


def test_plotly_gets_no_markup() -> None:
    shown = plotly_text('<a href="x">&amp;</a>')
    assert "<" not in shown
    assert "&lt;a href" in shown
    assert "&amp;amp;" in shown


def test_hex_is_written_in_capitals_with_spaces() -> None:
    assert hex_bytes("é".encode()) == "C3 A9"


def test_neighbours_in_the_vocabulary_wear_different_tints() -> None:
    tints = [token_tint(token_id) for token_id in range(1000)]
    assert all(a != b for a, b in itertools.pairwise(tints))
    assert set(tints) == set(range(len(TOKEN_TINTS)))
