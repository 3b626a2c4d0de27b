"""Where heads lie on the plane, which are named, and which one a finger means."""

from __future__ import annotations

import json

import pytest
import torch

from explorer.answers.all_heads import AllHeads
from explorer.answers.head_effect import Asked
from explorer.widgets.head_plane import plane_value
from explorer.wording.text import TokenLabel
from tests.explorer.widgets.scripts import evaluator


@pytest.fixture(scope="module")
def browser():
    return evaluator("head_plane/place.js")


def test_both_axes_are_stretched_alike_and_keep_the_sign(browser):
    assert browser("[-4, -1, 0, 0.25, 9].map(stretched)") == [-2, -1, 0, 0.5, 3]
    assert browser("levelsOf(2)") == [2, 0.5, 0.1]


def test_a_finger_means_the_nearest_point_in_its_reach(browser):
    points = "[{ adds: 0, missing: 0 }, { adds: 10, missing: 0 }]"
    at = "({ adds, missing }) => [adds, missing]"
    assert browser(f"nearest({points}, {at}, [6, 0], 5)") == {"adds": 10, "missing": 0}
    assert browser(f"nearest({points}, {at}, [5, 6], 5)") is None


def test_names_that_would_lie_on_one_another_give_way_to_the_first(browser):
    boxes = "[[0, 0, 10, 10], [5, 5, 10, 10], [20, 0, 10, 10]]"
    assert browser(f"unhidden({boxes}, (one) => one)") == [[0, 0, 10, 10], [20, 0, 10, 10]]


def test_points_far_from_the_middle_are_named_the_farthest_first(browser):
    rows = json.dumps(
        [[{"adds": 0.01, "missing": 0}, {"adds": 0.5, "missing": 0}], [None, {"adds": 0, "missing": -0.9}]]
    )
    assert [(one["row"], one["column"]) for one in browser(f"outstanding(pointsOf({rows}), 1)")] == [(1, 1), (0, 1)]


def test_the_plane_ends_beyond_the_outermost_head():
    asked = Asked((1,), (TokenLabel(1, "a", "", False),))
    found = AllHeads(asked, torch.tensor([[0.3, -0.1]]), torch.tensor([[1.96, torch.nan]]), [["stronger", ""]])
    told = json.loads(plane_value(found, "One against the other")["table"])
    assert told["limit"] == 5
    assert told["points"] == [[{"adds": pytest.approx(0.3), "missing": pytest.approx(1.96), "kind": "agree"}, None]]
    assert "later parts build on it" in told["told"][0][0]
