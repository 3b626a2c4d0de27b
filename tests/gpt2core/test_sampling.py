"""Filters, the pipeline and the draw. V vocabulary."""

import itertools
import math

import pytest
import torch
from scipy.stats import chisquare
from transformers import (
    LogitsProcessorList,
    MinPLogitsWarper,
    RepetitionPenaltyLogitsProcessor,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
)

from gpt2core.errors import InvalidSetting, NotFinite
from gpt2core.sampling import (
    SamplingSettings,
    apply_temperature,
    draw,
    filtered_logits,
    gumbel_noise,
    keep_min_p,
    keep_top_k,
    keep_top_p,
    next_token_probabilities,
    pipeline,
)

CONTEXT = [3, 1, 3, 17, 99]


def random_logits(seed, V=200):
    return torch.randn(V, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) * 3


def kept_ids(logits):
    return torch.nonzero(logits > -math.inf).squeeze(1).tolist()


def log_of(*probabilities):
    return torch.tensor(probabilities, dtype=torch.float64).log()


def of_transformers(logits, settings):
    steps = LogitsProcessorList()
    if settings.repetition_penalty != 1:
        steps.append(RepetitionPenaltyLogitsProcessor(settings.repetition_penalty))
    steps.append(TemperatureLogitsWarper(settings.temperature))
    if settings.top_k:
        steps.append(TopKLogitsWarper(settings.top_k))
    if settings.top_p < 1:
        steps.append(TopPLogitsWarper(settings.top_p))
    if settings.min_p:
        steps.append(MinPLogitsWarper(settings.min_p))
    return steps(torch.tensor([CONTEXT]), logits.clone().unsqueeze(0))[0].softmax(-1)


@pytest.mark.parametrize(
    "settings",
    [
        SamplingSettings(temperature=0.3),
        SamplingSettings(temperature=1.7),
        SamplingSettings(temperature=100.0),
        SamplingSettings(top_k=1),
        SamplingSettings(top_k=13),
        SamplingSettings(top_k=200),
        SamplingSettings(top_k=5000),
        SamplingSettings(top_p=0.05),
        SamplingSettings(top_p=0.9),
        SamplingSettings(top_p=0.999),
        SamplingSettings(min_p=0.02),
        SamplingSettings(min_p=1.0),
        SamplingSettings(repetition_penalty=1.3),
        SamplingSettings(repetition_penalty=0.7),
        SamplingSettings(0.7, 50, 0.9, 0.05, 1.2),
        SamplingSettings(1.4, 30, 0.8, 0.01, 1.1),
    ],
    ids=str,
)
@pytest.mark.parametrize("seed", range(5))
def test_distributions_equal_those_of_transformers(settings, seed):
    logits = random_logits(seed)
    ours = next_token_probabilities(logits, settings, CONTEXT)
    torch.testing.assert_close(ours, of_transformers(logits, settings), rtol=0, atol=1e-6)


def test_the_worked_example_has_the_printed_probabilities():
    logits = torch.tensor([2.0, 1.0, 0.5])
    for temperature, expected in (
        (0.5, [0.844, 0.114, 0.042]),
        (1.0, [0.629, 0.231, 0.140]),
        (2.0, [0.481, 0.292, 0.227]),
    ):
        got = next_token_probabilities(logits, SamplingSettings(temperature))
        assert [round(p, 3) for p in got.tolist()] == expected


def test_temperature_zero_keeps_the_likeliest_and_the_lowest_id_among_equals():
    assert kept_ids(apply_temperature(torch.tensor([1.0, 5.0, 5.0, 2.0]), 0.0)) == [1]


@pytest.mark.parametrize("temperature", [1e-8, 1e-300, 5e-324])
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_tiny_temperature_neither_overflows_nor_loses_the_likeliest(temperature, sign):
    logits = sign * torch.tensor([300.0, 200.0, 100.0], dtype=torch.float64)
    probabilities = next_token_probabilities(logits, SamplingSettings(temperature))
    assert probabilities.tolist() == ([1.0, 0.0, 0.0] if sign > 0 else [0.0, 0.0, 1.0])


def test_a_huge_temperature_is_nearly_uniform():
    probabilities = next_token_probabilities(random_logits(0), SamplingSettings(1e6))
    torch.testing.assert_close(probabilities, torch.full_like(probabilities, 1 / 200), rtol=1e-4, atol=0)


@pytest.mark.parametrize("k", [1, 2, 3, 4, 5])
def test_top_k_keeps_exactly_k_and_the_lowest_ids_among_equals(k):
    logits = torch.tensor([7.0, 1.0, 7.0, 7.0, 9.0, 1.0])
    assert sorted([4, 0, 2, 3, 1][:k]) == kept_ids(keep_top_k(logits, k))


@pytest.mark.parametrize("k", [0, 6, 7, 1_000_000])
def test_top_k_of_none_or_of_the_whole_vocabulary_removes_nothing(k):
    logits = torch.tensor([7.0, 1.0, 7.0, 7.0, 9.0, 1.0])
    assert torch.equal(keep_top_k(logits, k), logits)


def test_top_k_never_brings_a_removed_token_back():
    logits = torch.tensor([-math.inf, 1.0, -math.inf, 0.0])
    assert kept_ids(keep_top_k(logits, 3)) == [1, 3]


@pytest.mark.parametrize(
    ("p", "expected"), [(0.0, [1]), (0.5, [1]), (0.5001, [0, 1]), (0.8, [0, 1]), (0.9, [0, 1, 2]), (1.0, [0, 1, 2, 3])]
)
def test_top_p_keeps_the_smallest_set_that_reaches_p(p, expected):
    assert kept_ids(keep_top_p(log_of(0.3, 0.5, 0.15, 0.05), p)) == expected


@pytest.mark.parametrize("tenths", range(1, 10))
def test_top_p_takes_equal_tokens_by_lowest_id_and_is_not_misled_by_rounding(tenths):
    assert kept_ids(keep_top_p(torch.zeros(10, dtype=torch.float64), tenths / 10)) == list(range(tenths))


def test_min_p_keeps_what_is_at_least_that_share_of_the_likeliest():
    logits = log_of(0.4, 0.2, 0.3, 0.1)
    assert kept_ids(keep_min_p(logits, 0.5)) == [0, 1, 2]
    assert kept_ids(keep_min_p(logits, 0.51)) == [0, 2]
    assert kept_ids(keep_min_p(logits, 1.0)) == [0]


def test_min_p_of_one_keeps_all_that_share_the_top():
    assert kept_ids(keep_min_p(torch.tensor([1.0, 4.0, 4.0]), 1.0)) == [1, 2]


def test_the_penalty_divides_positive_and_multiplies_negative_logits_once_however_often_seen():
    logits = torch.tensor([4.0, -4.0, 4.0, 0.0, -math.inf])
    after = pipeline(logits, SamplingSettings(repetition_penalty=2.0), [0, 1, 0, 3, 4])["repetition_penalty"].logits
    assert after.tolist() == [2.0, -8.0, 4.0, 0.0, -math.inf]


ALL_ON = SamplingSettings(0.8, 40, 0.9, 0.05, 1.3)


def test_stages_come_in_order_and_each_starts_where_the_last_ended():
    stages = pipeline(random_logits(1), ALL_ON, CONTEXT).stages
    assert [stage.name for stage in stages] == [
        "logits",
        "repetition_penalty",
        "temperature",
        "top_k",
        "top_p",
        "min_p",
    ]
    for earlier, later in itertools.pairwise(stages):
        assert torch.equal(earlier.logits, later.before)


def test_every_stage_accounts_for_its_tokens_and_their_mass():
    for stage in pipeline(random_logits(2), ALL_ON, CONTEXT).stages[1:]:
        before = stage.before.softmax(-1)
        assert stage.n_kept == int((stage.before > -math.inf).sum()) - len(stage.removed_ids)
        assert stage.removed_mass == pytest.approx(1 - float(before[stage.logits > -math.inf].sum()), abs=1e-12)
        torch.testing.assert_close(stage.probabilities.sum(), torch.tensor(1.0, dtype=torch.float64))


def test_entropy_is_that_of_the_remaining_tokens():
    stages = pipeline(torch.zeros(64), SamplingSettings(top_k=16))
    assert stages["temperature"].entropy_nats == pytest.approx(math.log(64))
    assert stages["top_k"].entropy_nats == pytest.approx(math.log(16))
    assert stages["top_k"].removed_mass == pytest.approx(0.75)
    assert pipeline(torch.zeros(64), SamplingSettings(0.0))["temperature"].entropy_nats == 0.0


def test_stages_that_are_off_change_nothing():
    for stage in pipeline(random_logits(3), SamplingSettings(), CONTEXT).stages:
        assert torch.equal(stage.logits, random_logits(3))
        assert stage.removed_ids.tolist() == []


def test_the_pipeline_leaves_its_input_alone():
    logits = random_logits(4)
    pipeline(logits, ALL_ON, CONTEXT)
    assert torch.equal(logits, random_logits(4))


def test_tokens_already_removed_stay_removed():
    logits = random_logits(5)
    logits[[3, 10]] = -math.inf
    probabilities = next_token_probabilities(logits, SamplingSettings(1e6, repetition_penalty=50.0), CONTEXT)
    assert probabilities[[3, 10]].tolist() == [0.0, 0.0]
    assert bool(probabilities.isfinite().all())


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_logits_that_are_no_numbers_are_refused(bad):
    with pytest.raises(NotFinite, match="load the model again"):
        filtered_logits(torch.tensor([0.0, bad, 1.0]), SamplingSettings())
    with pytest.raises(NotFinite):
        filtered_logits(torch.full((3,), -math.inf), SamplingSettings())


@pytest.mark.parametrize(
    "wrong",
    [
        {"temperature": -0.1},
        {"temperature": math.nan},
        {"temperature": 1e7},
        {"temperature": "1"},
        {"top_k": -1},
        {"top_k": 2.5},
        {"top_k": True},
        {"top_p": -0.1},
        {"top_p": 1.1},
        {"min_p": math.inf},
        {"min_p": -1e-9},
        {"repetition_penalty": 0.0},
        {"repetition_penalty": 101.0},
    ],
    ids=str,
)
def test_settings_outside_their_range_are_refused_with_the_way_out(wrong):
    with pytest.raises(InvalidSetting, match="choose"):
        SamplingSettings(**wrong)


def test_seeded_draws_have_the_frequencies_of_the_distribution():
    settings = SamplingSettings(1.3, 8, 0.95)
    choice = pipeline(random_logits(6, V=40), settings)
    counts = torch.zeros(40)
    for seed in range(4000):
        counts[draw(choice.logits, gumbel_noise(40, seed, 0))] += 1
    kept = choice.probabilities > 0
    assert counts[~kept].sum() == 0
    assert chisquare(counts[kept].numpy(), 4000 * choice.probabilities[kept].numpy()).pvalue > 0.001


def test_draws_at_following_positions_have_the_frequencies_of_the_distribution():
    logits = log_of(0.5, 0.25, 0.15, 0.1)
    counts = torch.bincount(torch.tensor([draw(logits, gumbel_noise(4, 7, t)) for t in range(4000)]), minlength=4)
    assert chisquare(counts.numpy(), [2000, 1000, 600, 400]).pvalue > 0.001


def test_the_same_luck_gives_the_same_token_and_survives_other_settings():
    logits = random_logits(8)
    noise = gumbel_noise(200, seed=11, position=3)
    assert torch.equal(noise, gumbel_noise(200, 11, 3))
    assert not torch.equal(noise, gumbel_noise(200, 11, 4))
    chosen = draw(filtered_logits(logits, SamplingSettings()), noise)
    rank = int((logits > logits[chosen]).sum())
    # the winner among all still wins among any set that holds it
    assert draw(filtered_logits(logits, SamplingSettings(top_k=rank + 1)), noise) == chosen
    assert draw(filtered_logits(logits, SamplingSettings(0.0)), noise) == int(logits.argmax())


def test_noise_is_finite():
    for seed in range(20):
        assert bool(gumbel_noise(50_257, seed, 0).isfinite().all())
