"""The browser unrolls the history that the server sent: the same states as in gpt2core, a page at a time."""

from __future__ import annotations

import json

import pytest

from explorer.catalogue import catalogue
from explorer.widgets.merges import PARTS, ROWS, merge_history
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


# As much of a page as the widget uses.
PAGE = """
class Node {
  constructor(tag) { Object.assign(this, { tag, children: [], attributes: {}, listeners: {}, style: {}, className: '', hidden: false }); }
  append(...children) { this.children.push(...children); }
  replaceChildren(...children) { this.children = children; }
  setAttribute(name, value) { this.attributes[name] = String(value); }
  removeAttribute(name) { delete this.attributes[name]; }
  getAttribute(name) { return this.attributes[name] ?? null; }
  addEventListener(type, act) { this.listeners[type] = act; }
  get textContent() { return this.children.map((child) => child.textContent ?? child).join(''); }
  set textContent(text) { this.children = [String(text)]; }
  all() { return [this, ...this.children.flatMap((child) => child.all?.() ?? [])]; }
  of(name) { return this.all().filter((node) => node.className.split(' ').includes(name)); }
  querySelector(selector) { return this.of(selector.slice(1))[0]; }
  dispatchEvent() {}
}
var CustomEvent = class {};
var document = { createElement: (tag) => new Node(tag) };
var made = (tag, className, ...children) => Object.assign(new Node(tag), { className, children });
var pages = made('div', 'merge-pages', made('p', 'merge-range'), made('div', 'merge-buttons'));
var element = made('div', '', made('ol', 'merges'), pages, made('p', 'merge-end'));
var props = {};
var drawAgain;
var press = (text) => element.of('merge-buttons')[0].children.find((one) => one.textContent === text).listeners.click();
var key = (name) => element.of('merge-pages')[0].listeners.keydown({ key: name, preventDefault: () => {} });
var show = (value) => { props.value = value; drawAgain(); };
var seen = () => ({
  nodes: element.all().length, captions: element.of('caption').map((one) => one.textContent), end: element.of('merge-end')[0].textContent,
  paged: !element.of('merge-pages')[0].hidden, range: element.of('merge-range')[0].textContent, cut: element.of('cut').map((one) => one.textContent),
  off: element.of('merge-buttons')[0].children.filter((one) => one.attributes['aria-disabled'] === 'true').map((one) => one.textContent),
  last: element.of('merges')[0].children.at(-1).of('part').map((one) => one.textContent),
});
"""


@pytest.fixture
def page():
    words = catalogue("tokens").sentences
    limits = {"rows": ROWS, "parts": PARTS}
    mount = "globalThis.default({ element, props, watch: (_, draw) => { drawAgain = draw; }, words, limits })"
    constants = f"var words = {json.dumps(words)}, limits = {json.dumps(limits)};"
    return evaluator("merges/merges.js", more=f"{PAGE} {constants} {mount};")


def shown(page, text: str, vocab_size: int = 8192, end: str = "") -> dict:
    return page(f"(show({json.dumps(merge_history(*whole(text, vocab_size), end))}), seen())")


def test_a_word_is_drawn_whole_without_pages(page):
    told = shown(page, " Lily", end="<b>the end</b>")
    assert told["captions"] == [
        "the bytes as they are",
        "merge 1: l + y → ly, entry 306 of the list",
        "merge 2: · + L → ·L, entry 406 of the list",
        "merge 3: i + ly → ily, entry 813 of the list",
    ]
    assert told["last"] == ["·L", "ily"]
    assert told["end"] == "<b>the end</b>"  # text, never markup
    assert not told["paged"]
    assert told["cut"] == []


@pytest.mark.parametrize("text", ["-" * 2_000, "-" * 60_000, "é" * 1_000, "\n" * 1_500, "ab" * 5_000])
def test_of_a_long_piece_no_more_is_drawn_than_a_person_can_look_at(page, text):
    steps = len(whole(text)[0].joints)
    told = shown(page, text)
    assert told["nodes"] < 900
    assert told["paged"]
    assert told["range"] == f"Steps 0 to {ROWS - 1} of {steps:,}; {steps - ROWS + 1:,} more come after."
    n_parts = len(whole(text)[0].data)
    assert told["cut"][0] == f"… {n_parts - PARTS:,} more …"
    for action in ("press('Later')", "press('Last')", "press('Earlier')"):
        assert page(f"({action}, seen())")["nodes"] < 900


def test_the_rest_is_stepped_through_by_buttons_and_by_keys(page):
    text = "-" * 300
    piece, _ = whole(text)
    steps = len(piece.joints)
    told = shown(page, text)
    assert told["off"] == ["First", "Earlier"]
    captions = list(told["captions"])
    while "Later" not in told["off"]:
        told = page("(press('Later'), seen())")
        captions += told["captions"]
    assert len(captions) == steps + 1
    assert [int(caption.split(":")[0].removeprefix("merge ")) for caption in captions[1:]] == list(range(1, steps + 1))
    assert told["range"].endswith(f"of {steps:,}.")
    assert told["last"] == [token.decode() for token in piece.tokens]
    assert page("(press('Later'), seen())") == told  # there is no further page
    assert page("(key('Home'), seen())")["captions"] == captions[:ROWS]
    assert page("(key('ArrowRight'), seen())")["captions"] == captions[ROWS : 2 * ROWS]
    assert page("(key('ArrowLeft'), seen())")["captions"] == captions[:ROWS]
    assert page("(key('End'), seen())")["captions"] == told["captions"]


def test_another_piece_begins_at_its_first_page(page):
    shown(page, "-" * 300)
    page("(press('Last'), seen())")
    assert shown(page, "ab" * 200)["captions"][0] == "the bytes as they are"
    assert not shown(page, "the")["paged"]


@pytest.mark.parametrize("text", [" Lily", "-" * 300, "ab" * 200, "漢字"])
def test_the_table_of_merges_is_the_pieces_own_history(browser, text):
    piece, tokenizer = whole(text)
    data = merge_history(piece, tokenizer, "")
    told = browser(f"mergesOf({json.dumps(data['history'])})")
    kinds = [kind["text"] for kind in data["kinds"]]
    merges = list(piece.merges())
    assert [(row["at"], kinds[row["made"]]) for row in told] == [
        (merge.start, printable(piece.data[merge.start : merge.end])) for merge in merges
    ]
    assert [kinds[row["left"]] + kinds[row["right"]] for row in told] == [
        printable(piece.data[merge.start : merge.middle]) + printable(piece.data[merge.middle : merge.end])
        for merge in merges
    ]
