"""The browser's sampling maths and gpt2core's, on the same cases: the same tokens kept, the same probabilities."""

from __future__ import annotations

import json
import math
import random
from dataclasses import astuple

import pytest
import torch

from gpt2core.sampling import SamplingSettings, apply_repetition_penalty, falling_order, pipeline
from tests.explorer.widgets.scripts import evaluator

RUN = """
function run(logits, temperature, top_k, top_p, min_p) {
  const numbers = Float32Array.from(logits, (z) => (z === null ? -Infinity : z));
  const order = fallingOrder(numbers);
  const result = distribution(Float64Array.from(order, (id) => numbers[id]), { temperature, top_k, top_p, min_p });
  const probabilities = Array.from(order, (_, i) => probabilityAt(result, i));
  return { order: Array.from(order), probabilities, kept: result.kept, stages: result.stages, greedy: result.greedy };
}
"""
WEAKEN = """
function weaken(logits, seen, penalty) {
  const numbers = Float32Array.from(logits, (z) => (z === null ? -Infinity : z));
  return Array.from(penalised(numbers, seen, penalty));
}
"""
N_CASES = 1_000


@pytest.fixture(scope="module")
def browser():
    value = evaluator("distribution/sampling.js", more=RUN)

    def run(logits: torch.Tensor, settings: SamplingSettings) -> dict:
        numbers = [None if value == -math.inf else value for value in logits.tolist()]
        return value(f"run({json.dumps(numbers)}, {', '.join(map(repr, astuple(settings)[:4]))})")

    return run


def random_case(seed: int) -> tuple[torch.Tensor, SamplingSettings]:
    """Logits with ties, wide or narrow, some already removed; settings with the extremes more often than chance would."""
    luck = random.Random(seed)
    noise = torch.Generator().manual_seed(seed)
    vocab_size = luck.choice([1, 2, 7, 50, 300])
    logits = torch.randn(vocab_size, generator=noise) * luck.choice([0.0, 0.1, 3.0, 40.0, 1e4])
    if luck.random() < 0.3:
        logits = logits.round()
    if luck.random() < 0.3:
        logits[torch.rand(vocab_size, generator=noise) < 0.3] = -math.inf
        logits[luck.randrange(vocab_size)] = luck.uniform(-3, 3)
    settings = SamplingSettings(
        temperature=luck.choice([0, 1, 1, luck.uniform(0.01, 3), 100, 1e6, 1e-9, 1e-308]),
        top_k=luck.choice([0, 0, 1, 2, 10, vocab_size, vocab_size + 1, 1_000_000]),
        top_p=luck.choice([1, 1, 0, 0.3, 0.5, 0.9, luck.random(), 1 - 1e-13]),
        min_p=luck.choice([0, 0, 1, 0.05, 0.5, luck.random()]),
    )
    return logits, settings


def test_browser_and_python_keep_the_same_tokens_with_the_same_probabilities(browser):
    for seed in range(N_CASES):
        logits, settings = random_case(seed)
        ours, truth = browser(logits, settings), pipeline(logits, settings)
        order = falling_order(logits)
        assert ours["order"] == order.tolist(), f"case {seed}"
        kept = set(ours["order"][: ours["kept"]])
        assert kept == set(torch.nonzero(truth.logits > -math.inf).squeeze(1).tolist()), f"case {seed}: {settings}"
        probabilities = torch.tensor(ours["probabilities"], dtype=torch.float64)
        torch.testing.assert_close(probabilities, truth.probabilities[order], rtol=1e-9, atol=1e-12)


def test_every_stage_tells_the_same_count_mass_and_entropy(browser):
    for seed in range(N_CASES):
        logits, settings = random_case(seed)
        ours, truth = browser(logits, settings), pipeline(logits, settings)
        for stage in ours["stages"]:
            exact = truth[stage["name"]]
            assert stage["kept"] == exact.n_kept, f"case {seed}: {settings}"
            assert stage["removed"] == pytest.approx(exact.removed_mass, abs=1e-9), f"case {seed}: {settings}"
            assert stage["bits"] == pytest.approx(exact.entropy_nats / math.log(2), abs=1e-9), (
                f"case {seed}: {settings}"
            )


def test_a_repetition_penalty_weakens_the_same_tokens_by_the_same_amount():
    value = evaluator("distribution/sampling.js", more=WEAKEN)
    for seed in range(200):
        logits, _ = random_case(seed)
        luck = random.Random(seed)
        seen = [luck.randrange(len(logits)) for _ in range(luck.randrange(5))]
        penalty = luck.choice([1, 1.3, 0.5, 100])
        arguments = (
            [None if value == -math.inf else value for value in logits.tolist()],
            sorted(set(seen)),
            penalty,
        )
        ours = value(f"weaken({', '.join(map(json.dumps, arguments))})")
        truth = apply_repetition_penalty(logits.double(), penalty, seen).tolist()
        assert [-math.inf if value is None else value for value in ours] == truth, f"case {seed}"


def test_equal_logits_stay_in_the_order_of_their_ids(browser):
    ours = browser(torch.tensor([1.0, 2.0, 2.0, 2.0]), SamplingSettings(top_k=2))
    assert ours["order"][: ours["kept"]] == [1, 2]


def test_a_sum_that_rounding_keeps_from_its_threshold_has_reached_it(browser):
    ours = browser(torch.zeros(10), SamplingSettings(top_p=0.8))  # eight times 0.1 add up to 0.7999999999999999
    assert ours["kept"] == 8


def test_the_worked_example_of_three_logits(browser):
    ours = browser(torch.tensor([2.0, 1.0, 0.5]), SamplingSettings(temperature=0.5))
    assert ours["probabilities"] == pytest.approx([0.8438, 0.1142, 0.0420], abs=1e-4)
