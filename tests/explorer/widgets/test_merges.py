"""The browser lets the history that the server sent grow as a forest: the same states, pairs and ranks as in gpt2core."""

from __future__ import annotations

import itertools
import json

import pytest

from explorer.widgets.merges import merge_history
from explorer.wording.text import printable
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


def states(browser, piece: Piece, tokenizer: Tokenizer):
    """What is sent, and of each step the kinds of parts that stand there and the neighbours with their ranks."""
    value = merge_history(piece, tokenizer, "")
    code = f"""((forest, ranks) => Array.from({{ length: forest.steps + 1 }}, (_, step) => {{
      const row = partsAfter(forest, step);
      return {{ kinds: row.map((number) => forest.parts[number].kind), neighbours: neighboursOf(forest, row, ranks), meets: forest.meets[step] }};
    }}))(forestOf({json.dumps(value["history"])}), {json.dumps(value["ranks"])})"""
    return value, browser(code)


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("vocab_size", [300, 8192])
def test_after_k_merges_the_parts_are_the_pieces_and_the_last_are_its_tokens(browser, text, vocab_size):
    piece, tokenizer = whole(text, vocab_size)
    value, drawn = states(browser, piece, tokenizer)
    assert len(drawn) == len(piece.joints) + 1
    for step, state in enumerate(drawn):
        ids = [tokenizer.token_ids[part] for part in piece.parts_after(step)]
        assert [value["kinds"][kind]["id"] for kind in state["kinds"]] == ids
    assert ids == tokenizer.encode(text)


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("vocab_size", [300, 8192])
def test_of_all_neighbours_the_one_of_lowest_rank_is_joined_and_at_the_end_none_has_a_rank(browser, text, vocab_size):
    piece, tokenizer = whole(text, vocab_size)
    _, drawn = states(browser, piece, tokenizer)
    for step, state in enumerate(drawn):
        parts = piece.parts_after(step)
        ranks = [tokenizer.rank(left, right) for left, right in itertools.pairwise(parts)]
        assert [one["rank"] for one in state["neighbours"]] == ranks
        known = [(one["rank"], one["place"]) for one in state["neighbours"] if one["rank"] is not None]
        if step < len(piece.joints):
            assert min(known)[1] == state["meets"] == piece.joints[step]  # single bytes: a place is a byte
        else:
            assert known == []
            assert state.get("meets") is None


def test_a_part_stands_above_the_two_that_it_joins(browser):
    piece, tokenizer = whole("antidisestablishmentarianism")
    history = json.dumps(merge_history(piece, tokenizer, "")["history"])
    forest = browser(f"forestOf({history})")
    for part in forest["parts"][forest["n"] :]:
        left, right = (forest["parts"][part[side]] for side in ("left", "right"))
        assert (part["first"], part["last"], left["last"]) == (left["first"], right["last"], right["first"])
        assert part["level"] == 1 + max(left["level"], right["level"])
        assert part["step"] > max(left["step"], right["step"])
    assert forest["levels"] == max(part["level"] for part in forest["parts"])


def test_candidates_are_the_distinct_pairs_lowest_rank_first_with_how_often_they_come(browser):
    piece, tokenizer = whole("banana", 300)
    value = merge_history(piece, tokenizer, "")
    found = browser(
        f"((f, r) => candidatesOf(neighboursOf(f, partsAfter(f, 0), r)))(forestOf({json.dumps(value['history'])}), {json.dumps(value['ranks'])})"
    )
    named = [(value["kinds"][one["left"]]["text"], value["kinds"][one["right"]]["text"]) for one in found]
    assert {pair: one["times"] for pair, one in zip(named, found, strict=True)} == {
        ("b", "a"): 1,
        ("a", "n"): 2,
        ("n", "a"): 2,
    }
    ranks = [one["rank"] for one in found]
    assert ranks == sorted(rank for rank in ranks if rank is not None) + [None] * ranks.count(None)


def test_a_part_without_an_entry_has_no_id():
    tokenizer = Tokenizer({b"a": 0, b"b": 1, b"ab": 2}, token_ids={b"a": 0, b"b": 1, b"ab": 2})
    value = merge_history(Piece(b"xab", (b"x", b"a", b"b"), (2,)), tokenizer, "")
    assert [kind["id"] for kind in value["kinds"]] == [None, 0, 1, 2]
    assert value["ranks"] == [[1, 2, 2]]


@pytest.mark.parametrize("text", [" Lily", "-" * 300, "ab" * 200, "漢字"])
def test_the_table_of_merges_is_the_pieces_own_history(browser, text):
    piece, tokenizer = whole(text)
    value = merge_history(piece, tokenizer, "")
    rows = browser(f"mergesOf({json.dumps(value['history'])})")
    assert len(rows) == len(piece.joints)
    for row, merge in zip(rows, piece.merges(), strict=True):
        assert row["at"] == merge.start
        told = [value["kinds"][row[name]]["text"] for name in ("left", "right", "made")]
        spans = (merge.start, merge.middle), (merge.middle, merge.end), (merge.start, merge.end)
        assert told == [printable(piece.data[start:end]) for start, end in spans]


# As much of a page as the bricks need.
SVG = """
var made = (tag) => ({
  tag, children: [], attributes: {}, style: {},
  append(...more) { this.children.push(...more); },
  setAttribute(name, value) { this.attributes[name] = String(value); },
});
var document = { createElementNS: (_, tag) => made(tag) };
"""


@pytest.mark.parametrize("text", ["-" * 2_000, "ab" * 5_000, "é" * 3_000])
def test_of_a_long_piece_only_what_is_in_sight_is_drawn(text):
    engine = evaluator("merges/history.js", "merges/tree.js", more=SVG)
    value = merge_history(*whole(text), "")
    made = engine(f"""((value) => {{
      const forest = forestOf(value.history), step = Math.floor(forest.steps / 2), row = partsAfter(forest, step);
      const scene = {{ forest, kinds: value.kinds, row, neighbours: neighboursOf(forest, row, value.ranks), step, width: 900, em: 16 }};
      return [0, 5000, 1e6].map((from) => bricks({{ ...scene, from }}).length);
    }})({json.dumps(value)})""")
    assert 20 < made[0] < 400
    assert 20 < made[1] < 400
    assert made[2] == 0 or len(text) > 4_000
