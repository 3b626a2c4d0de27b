"""Where the boxes of the tree stand and where the arrows lead, as the browser computes it."""

from __future__ import annotations

import json

import pytest

from tests.explorer.widgets.scripts import evaluator

# parent, depth, id, ln p, sum, fate: two kept, one dropped; then a child of the second, which ends, and one dropped of the first
ROWS = [
    [None, 1, 5, -0.1, -0.1, "kept"],
    [None, 1, 6, -0.2, -0.2, "kept"],
    [None, 1, 7, -0.9, -0.9, "pruned"],
    [1, 2, 8, -0.1, -0.3, "finished"],
    [0, 2, 9, -0.9, -1.0, "pruned"],
]


@pytest.fixture(scope="module")
def browser():
    return evaluator("beam_tree/layout.js", more=f"var nodes = nodesOf({json.dumps(ROWS)});")


def test_a_column_holds_the_tokens_of_one_depth_the_likeliest_text_first(browser):
    assert browser("columnsOf(nodes, false).map((column) => column.map((node) => node.index))") == [
        [-1],
        [0, 1, 2],
        [3, 4],
    ]
    assert browser("rankOf(columnsOf(nodes, false), nodes[4])") == 2


def test_what_was_dropped_can_be_left_out(browser):
    assert browser("columnsOf(nodes, true).map((column) => column.map((node) => node.index))") == [[-1], [0, 1], [3]]


def test_boxes_stand_apart_and_edges_end_at_them(browser):
    box = browser("BOX")
    assert browser("xOf(2) - xOf(1)") > box["width"]
    assert browser("yOf(1) - yOf(0)") > box["height"]
    start, end = (browser(f"[xOf({depth}), yOf({row})]") for depth, row in ((1, 1), (2, 0)))
    path = browser("edgePath(1, 1, 0)")
    assert path.startswith(f"M{start[0] + box['width']} {start[1] + box['height'] // 2}C")
    assert path.endswith(f" {end[0]} {end[1] + box['height'] // 2}")


@pytest.mark.parametrize(
    ("index", "key", "target"),
    [
        (-1, "ArrowRight", 0),
        (-1, "ArrowLeft", -1),
        (1, "ArrowRight", 3),
        (2, "ArrowRight", 2),
        (3, "ArrowLeft", 1),
        (0, "ArrowLeft", -1),
        (0, "ArrowUp", 0),
        (0, "ArrowDown", 1),
        (2, "ArrowDown", 2),
        (0, "End", 2),
        (2, "Home", 0),
    ],
)
def test_arrows_walk_to_parents_children_and_along_the_column(browser, index, key, target):
    assert browser(f"boxFrom(columnsOf(nodes, false), nodes, {index}, '{key}')") == target


def test_other_keys_are_left_alone(browser):
    assert browser("boxFrom(columnsOf(nodes, false), nodes, 0, 'Tab') === undefined")


def test_a_candidates_number_is_asked_for_after_the_tokens_before_it_in_its_text(browser):
    told = browser("originsOf(nodes, 3, { nTokens: 4, limit: 16 })")
    assert told["share"] == {"kind": "share", "index": [4, 8], "after": [6]}
    assert told["log"] == {"kind": "log_share", "index": [4, 8], "after": [6]}
    assert browser("originsOf(nodes, 0, { nTokens: 4, limit: 16 }).share") == {"kind": "share", "index": [3, 5]}
    assert browser("originsOf(nodes, 3, { nTokens: 16, limit: 16 }).share.index") == [15, 8]
