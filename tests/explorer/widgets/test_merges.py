"""The browser unrolls the history that the server sent: the same states as in gpt2core, a page at a time."""

from __future__ import annotations

import json

import pytest

from explorer.widgets.merges import PARTS, ROWS, merge_history
from gpt2core import Tokenizer, gpt2_tokenizer
from gpt2core.merging import Piece
from tests.explorer.widgets.scripts import evaluator

TEXTS = [
    "a",
    " the",
    "Lily",
    "naïve",
    "😀😀",
    "-" * 300,
    "ab" * 200,
    "antidisestablishmentarianism",
    "\n" * 70,
    "a" * 41,
]


@pytest.fixture(scope="module")
def browser():
    return evaluator("merges/history.js")


def whole(text: str, vocab_size: int = 8192) -> tuple[Piece, Tokenizer]:
    tokenizer = gpt2_tokenizer(vocab_size)
    (piece,) = tokenizer.pieces(text)
    return piece, tokenizer


def rows(browser, piece: Piece, tokenizer: Tokenizer, first: int, count: int, room: int):
    value = merge_history(piece, tokenizer, "")
    return value["kinds"], browser(f"rowsOf({json.dumps(value['history'])}, {first}, {count}, {room})")


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("vocab_size", [300, 8192])
def test_row_k_is_the_piece_after_k_merges(browser, text, vocab_size):
    piece, tokenizer = whole(text, vocab_size)
    kinds, drawn = rows(browser, piece, tokenizer, 0, 10_000, 10_000)
    assert [row["step"] for row in drawn] == list(range(len(piece.joints) + 1))
    for row in drawn:
        ids = [tokenizer.token_ids[part] for part in piece.parts_after(row["step"])]
        assert [kinds[kind]["id"] for kind in row["parts"]] == ids
        assert row["hiddenBefore"] == row["hiddenAfter"] == 0
    for row, merge in zip(drawn[1:], piece.merges(), strict=True):
        spans = (merge.start, merge.middle), (merge.middle, merge.end), (merge.start, merge.end)
        told = [kinds[kind]["id"] for kind in (row["left"], row["right"], row["parts"][row["merged"]])]
        assert told == [tokenizer.token_ids[piece.data[start:end]] for start, end in spans]
        before = piece.parts_after(row["step"])[: row["merged"]]
        assert sum(map(len, before)) == merge.start


@pytest.mark.parametrize("room", [1, 2, 5, 24])
@pytest.mark.parametrize("text", ["-" * 300, "ab" * 60])
def test_a_row_that_is_cut_shows_the_place_of_its_merge_and_counts_what_it_hides(browser, text, room):
    piece, tokenizer = whole(text)
    _, uncut = rows(browser, piece, tokenizer, 0, 10_000, 10_000)
    _, cut = rows(browser, piece, tokenizer, 0, 10_000, room)
    for all_of_it, row in zip(uncut, cut, strict=True):
        hidden = row["hiddenBefore"]
        assert len(row["parts"]) == min(room, len(all_of_it["parts"]))
        assert row["parts"] == all_of_it["parts"][hidden : hidden + len(row["parts"])]
        assert hidden + len(row["parts"]) + row["hiddenAfter"] == len(all_of_it["parts"])
        assert row["merged"] == (-1 if all_of_it["merged"] < 0 else all_of_it["merged"] - hidden)
        assert -1 <= row["merged"] < len(row["parts"])


def test_pages_one_after_the_other_are_the_whole_history(browser):
    piece, tokenizer = whole("-" * 300)
    _, all_of_it = rows(browser, piece, tokenizer, 0, 10_000, PARTS)
    pages = [rows(browser, piece, tokenizer, first, ROWS, PARTS)[1] for first in range(0, len(all_of_it), ROWS)]
    assert [row for page in pages for row in page] == all_of_it
    assert {len(page) for page in pages[:-1]} == {ROWS}


@pytest.mark.parametrize(
    ("step", "last", "first"),
    [(0, 50, 0), (19, 50, 0), (20, 50, 20), (50, 50, 40), (70, 50, 40), (-20, 50, 0), (5, 0, 0)],
)
def test_a_page_begins_at_a_multiple_of_its_rows_and_none_lies_outside(browser, step, last, first):
    assert browser(f"pageOf({step}, {last}, 20)") == first


def test_a_part_without_an_entry_has_no_id(browser):
    tokenizer = Tokenizer({b"a": 0, b"b": 1, b"ab": 2}, token_ids={b"a": 0, b"b": 1, b"ab": 2})
    value = merge_history(Piece(b"xab", (b"x", b"a", b"b"), (2,)), tokenizer, "")
    assert [kind["id"] for kind in value["kinds"]] == [None, 0, 1, 2]
