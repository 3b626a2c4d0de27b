"""Axis ticks and points as the browser computes them."""

from pathlib import Path

import pytest
from py_mini_racer import MiniRacer

import explorer.widgets.loss

SCRIPT = (Path(explorer.widgets.loss.__file__).parent / "axes.js").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def browser():
    racer = MiniRacer()
    racer.eval(SCRIPT.replace("const ", "var "))
    return racer


@pytest.mark.parametrize(
    ("end", "wanted", "ticks"),
    [
        (400, 8, [0, 50, 100, 150, 200, 250, 300, 350, 400]),
        (7.5, 5, [0, 2, 4, 6]),
        (0.3, 3, [0, 0.1, 0.2, 0.3]),
        (0, 5, [0]),
    ],
)
def test_ticks_are_round_and_begin_at_zero(browser, end, wanted, ticks):
    assert list(browser.call("axisTicks", end, wanted)) == ticks


def test_the_nearest_point_is_found_and_none_in_an_empty_series(browser):
    assert list(browser.call("nearestPoint", [[0, 5], [10, 3], [20, 1]], 14)) == [10, 3]
    assert browser.call("nearestPoint", [], 14) is None
