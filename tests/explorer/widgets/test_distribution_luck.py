"""The browser's luck is gpt2core's: the same random numbers, the same token drawn, the same 500 draws."""

from __future__ import annotations

import itertools
import json
import math
import random

import pytest
import torch
from scipy.stats import chisquare

from gpt2core.sampling import SamplingSettings, draw, draws, falling_order, filtered_logits, gumbel_noise
from tests.explorer.widgets.scripts import evaluator
from tests.explorer.widgets.test_distribution_sampling import random_case

RUN = """
function read(logits, settings) {
  const numbers = logits.map((z) => (z === null ? -Infinity : z));
  const order = fallingOrder(numbers);
  return { order, falling: Float64Array.from(order, (id) => numbers[id]), settings };
}
function held(logits, settings, seed, position) {
  const { order, falling } = read(logits, settings);
  const noise = gumbelNoise(logits.length, seed, position);
  return order[drawnPlace(distribution(falling, settings), Float64Array.from(order, (id) => noise[id]))];
}
function many(logits, settings, seed, n) {
  const { order, falling } = read(logits, settings);
  const counts = tally(distribution(falling, settings), uniforms(seed, n));
  return Array.from(counts, (count, place) => [order[place], count]).filter(([, count]) => count > 0);
}
function swept(logits, settings, seed, steps) {
  const { order, falling } = read(logits, settings);
  const noise = gumbelNoise(logits.length, seed, 1);
  const luck = Float64Array.from(order, (id) => noise[id]);
  const temperatures = Array.from({ length: steps + 1 }, (_, i) => (5 * i) / steps);
  const points = [...sweep(falling, settings, luck, temperatures, Math.min(3, falling.length))];
  const spans = flips(falling, settings, luck, points, 1e-4);
  return { order: Array.from(order), points, spans };
}
"""


@pytest.fixture(scope="module")
def browser():
    value = evaluator("distribution/sampling.js", "distribution/luck.js", more=RUN)
    return lambda name, *arguments: value(f"{name}({', '.join(map(json.dumps, arguments))})")


def sent(logits: torch.Tensor) -> list[float | None]:
    return [None if value == -math.inf else value for value in logits.tolist()]


def named(settings: SamplingSettings) -> dict[str, float]:
    return {
        "temperature": settings.temperature,
        "top_k": settings.top_k,
        "top_p": settings.top_p,
        "min_p": settings.min_p,
    }


@pytest.mark.parametrize(("seed", "position"), [(0, 1), (42, 17), (2**32 - 1, 1024), (7, 0)])
def test_the_noise_is_torchs_to_the_last_digit_of_a_logarithm(browser, seed, position):
    ours = torch.tensor(list(browser("gumbelNoise", 3000, seed, position).values()), dtype=torch.float64)
    torch.testing.assert_close(ours, gumbel_noise(3000, seed, position), rtol=1e-14, atol=1e-14)


def test_the_token_drawn_is_the_same_in_a_thousand_cases(browser):
    for seed in range(1000):
        logits, settings = random_case(seed)
        luck = random.Random(seed).randrange(2**32)
        truth = draw(filtered_logits(logits, settings), gumbel_noise(len(logits), luck, 5))
        assert browser("held", sent(logits), named(settings), luck, 5) == truth, f"case {seed}: {settings}"


def test_five_hundred_draws_are_the_same_tokens(browser):
    for seed in range(100):
        logits, settings = random_case(seed)
        ids, counts = draws(filtered_logits(logits, settings), 500, seed).unique(return_counts=True)
        truth = dict(zip(ids.tolist(), counts.tolist(), strict=True))
        assert dict(browser("many", sent(logits), named(settings), seed, 500)) == truth, f"case {seed}: {settings}"


@pytest.mark.parametrize("seed", range(20))
def test_five_hundred_draws_agree_with_the_bars_as_far_as_chance_allows(browser, seed):
    logits = torch.randn(60, generator=torch.Generator().manual_seed(seed)) * 2
    settings = SamplingSettings(temperature=0.8, top_k=30)
    exact = torch.softmax(filtered_logits(logits, settings), -1)
    counts = torch.zeros(60, dtype=torch.float64)
    for token_id, count in browser("many", sent(logits), named(settings), seed, 500):
        counts[token_id] = count
    assert counts[exact == 0].sum() == 0
    often = 500 * exact >= 5  # what is rarer is counted together, as the test asks
    seen = [*counts[often].tolist(), float(counts[~often].sum())]
    expected = [*(500 * exact[often]).tolist(), float(500 * exact[~often].sum())]
    assert chisquare(seen, expected).pvalue > 0.001


def test_more_draws_begin_with_the_same_ones():
    logits = torch.randn(20, generator=torch.Generator().manual_seed(3))
    assert draws(logits, 1000, 9)[:500].tolist() == draws(logits, 500, 9).tolist()


def test_the_sweep_has_each_temperatures_own_shares_and_flips_where_the_draw_does(browser):
    logits = torch.randn(40, generator=torch.Generator().manual_seed(1)) * 2
    settings = SamplingSettings(top_k=25, top_p=0.95)
    swept = browser("swept", logits.tolist(), named(settings), 11, 50)
    order, noise = falling_order(logits), gumbel_noise(40, 11, 1)
    assert swept["order"] == order.tolist()

    def at(temperature: float) -> torch.Tensor:
        return filtered_logits(logits, SamplingSettings(temperature, 25, 0.95))

    for point in swept["points"]:
        exact = torch.softmax(at(point["temperature"]), -1)[order[:3]]
        assert point["shares"] == pytest.approx(exact.tolist(), abs=1e-9)
        assert order[point["drawn"]] == draw(at(point["temperature"]), noise)
    spans = swept["spans"]
    assert len(spans) > 1
    assert spans[0]["from"] == 0
    assert spans[-1]["to"] == 5
    for before, after in itertools.pairwise(spans):
        assert before["to"] == after["from"]
        assert order[after["drawn"]] == draw(at(after["from"]), noise)
        assert order[before["drawn"]] == draw(at(after["from"] - 1.1e-4), noise)
