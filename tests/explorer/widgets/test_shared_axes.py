"""Round numbers for axes, and points of a series, as the browser computes them."""

from __future__ import annotations

import math

import pytest

from tests.explorer.widgets.scripts import evaluator


@pytest.fixture(scope="module")
def browser():
    return evaluator("shared/axes.js", "loss/points.js")


@pytest.mark.parametrize(
    ("end", "most", "ticks"),
    [
        (400, 8, [0, 50, 100, 150, 200, 250, 300, 350, 400]),
        (7.5, 5, [0, 2, 4, 6]),
        (4.2, 5, [0, 1, 2, 3, 4]),
        (18.9, 5, [0, 5, 10, 15]),
        (17, 8, [0, 5, 10, 15]),
        (0.3, 3, [0, 0.1, 0.2, 0.3]),
        (0, 5, [0]),
    ],
)
def test_ticks_are_round_and_begin_at_zero(browser, end, most, ticks):
    assert browser(f"ticks({end}, {most})") == ticks


@pytest.mark.parametrize("end", [1e-9, 0.07, 1, 1.9, 3, 99, 1e6, 123456789])
@pytest.mark.parametrize("most", [2, 4, 5, 8])
def test_there_are_never_more_ticks_than_asked_for_and_none_beyond_the_end(browser, end, most):
    found = browser(f"ticks({end}, {most})")
    assert 1 <= len(found) <= most + 1
    assert max(found) <= end * (1 + 1e-6)


def test_a_scale_leads_from_numbers_to_pixels_and_may_be_turned_around(browser):
    assert browser("[0, 5, 10].map(scaled([0, 10], [100, 0]))") == [100, 50, 0]


def test_the_nearest_point_is_found_and_none_in_an_empty_series(browser):
    assert browser("nearestPoint([[0, 5], [10, 3], [20, 1]], 14)") == [10, 3]
    assert browser("nearestPoint([], 14)") is None
    assert browser("rowsOf('', 5)") == []


def test_smoothing_leaves_what_is_flat_and_the_first_point_and_keeps_every_place(browser):
    assert browser("smoothed([[0, 2], [1, 2], [2, 2]], 0.9)") == [[0, 2], [1, pytest.approx(2)], [2, pytest.approx(2)]]
    assert browser("smoothed([[0, 4], [1, 0]], 0.5)") == [[0, 4], [1, pytest.approx(4 / 3)]]
    assert browser("smoothed([[0, 4], [1, 0]], 0)") == [[0, 4], [1, 0]]


def test_a_run_is_drawn_against_steps_tokens_or_time(browser):
    run = "{ train: [[1, 2, 0.1, 0.5, 3]], held_out: [[0, 7], [1, 2.5]], tokens: 64 }"
    assert browser(f"series({run}, 'tokens', 'loss')") == {"train": [[64, 2]], "held_out": [[0, 7], [64, 2.5]]}
    assert browser(f"series({run}, 'time', 'norm')") == {"train": [[3, 0.5]], "held_out": []}
    perplexity = browser(f"series({run}, 'time', 'perplexity')")
    assert perplexity["held_out"] == [[0, pytest.approx(math.exp(7))], [3, pytest.approx(math.exp(2.5))]]


@pytest.mark.parametrize(("low", "high", "ticks"), [(0.4, 8, [0.5, 1, 2, 5]), (0.001, 10, [0.001, 0.01, 0.1, 1, 10])])
def test_ticks_of_a_log_scale_are_round(browser, low, high, ticks):
    assert browser(f"logTicks({low}, {high})") == ticks
