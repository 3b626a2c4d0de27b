"""The loss plot: what thinning out keeps, and what reaches the page."""

import base64

import numpy as np
import pytest

from explorer.widgets.loss import MOST_POINTS, Curve, downsampled, loss_curve


def noisy(n):
    return [(step, float(value)) for step, value in enumerate(np.random.default_rng(0).normal(3, 1, n))]


@pytest.mark.parametrize("n", [401, 799, 1000, 3000, 3001])
def test_thinning_keeps_the_first_the_last_and_the_extremes(n):
    points = noisy(n)
    kept = downsampled(points, 400)
    assert len(kept) <= 400
    assert (kept[0], kept[-1]) == (points[0], points[-1])
    losses = [loss for _, loss in points]
    assert min(loss for _, loss in kept) == min(losses)
    assert max(loss for _, loss in kept) == max(losses)


def test_thinning_keeps_the_order_and_invents_nothing():
    points = noisy(3000)
    kept = downsampled(points, 100)
    assert kept == sorted(kept)
    assert set(kept) <= set(points)


@pytest.mark.parametrize("n", [0, 1, 2, 100])
def test_a_series_that_fits_stays_whole(n):
    assert downsampled(noisy(n), 100) == noisy(n)


def test_a_curve_that_is_flat_survives():
    flat = [(step, 2.0) for step in range(1000)]
    kept = downsampled(flat, 50)
    assert kept[0] == flat[0]
    assert kept[-1] == flat[-1]
    assert kept == sorted(set(kept))


def test_the_page_gets_updates_and_checks_and_no_more_than_it_can_draw():
    updates = [(step, loss, 1e-3, 0.5, 0.1 * step) for step, loss in noisy(3000)]
    value = loss_curve(
        [Curve("this run", updates, [(0, 7.0)], 1024)],
        planned=3000,
        steps=3000,
        step=2999,
        chance_nats=6.93,
        n_tokens=1024,
        best=None,
        facts=["a"],
        summary="b",
    )
    numbers = np.frombuffer(base64.b64decode(value["curves"][0]["train"]), "<f4").reshape(-1, 5)
    assert len(numbers) <= MOST_POINTS
    assert (numbers[0, 0], numbers[-1, 0]) == (0, 2999)
    assert numbers[-1, 4] == pytest.approx(299.9)
    assert np.frombuffer(base64.b64decode(value["curves"][0]["held_out"]), "<f4").tolist() == [0, 7]
    assert value["chanceWords"] == "guessing: ln(1,024) = 6.93"
