"""Settings and seeds, whatever is given for one: it is taken as it is, or refused in a sentence."""

from __future__ import annotations

import dataclasses
import math
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import torch

from gpt2core import GPTConfig, SamplingSettings, TrainSettings, analysis, beam_search, generate
from gpt2core.data import SlidingWindows
from gpt2core.errors import Gpt2CoreError, InvalidSetting
from gpt2core.ranges import checked_seed, is_number, is_whole, mixed_seed, shown
from gpt2core.sampling import draws, gumbel_noise
from gpt2core.scoring import score_text
from gpt2core.untrained import untrained_model
from tests.conftest import TINY, TINY_IDS

DATE = 20261128123456
SEEDS = [
    *(0, 1, -1, DATE, 2**31, 2**32, 2**53 + 1, 2**63 - 1, 2**63, 2**64 - 1, -(2**63)),
    *(np.int64(7), np.uint64(2**64 - 1), np.int8(-3)),
]
NO_SEEDS = [
    *(2**64, -(2**63) - 1, 10**5000, 1.0, 1.5, math.nan, -math.inf, True, "7", "", None, [1], {}, b"7", 1j),
    *(np.float64(3), np.bool_(True), Decimal(3), Fraction(3), torch.tensor(3)),
]
USES = {
    "windows": lambda seed: SlidingWindows(torch.arange(40), 4, 2, seed=seed).starts(3).tolist(),
    "settings": lambda seed: TrainSettings(seed=seed).seed,
    "noise": lambda seed: gumbel_noise(20, seed, 3).tolist(),
    "draws": lambda seed: draws(torch.zeros(50), 9, seed).tolist(),
    "weights": lambda seed: untrained_model(TINY, seed).tok_emb.weight[0].tolist(),
    "repeated tokens": lambda seed: analysis.repeated_tokens(50, 9, seed),
}
NO_NUMBERS = [math.nan, math.inf, -math.inf, np.float32("nan"), 10**400, "1", None, True, [1.0], 1j, Decimal(1)]


@pytest.mark.parametrize("use", USES.values(), ids=USES)
@pytest.mark.parametrize("seed", SEEDS, ids=repr)
def test_any_whole_number_is_a_seed_and_numpys_are_those_of_python(use, seed):
    assert use(seed) == use(int(seed))


@pytest.mark.parametrize("use", USES.values(), ids=USES)
@pytest.mark.parametrize("seed", NO_SEEDS, ids=shown)
def test_what_is_no_seed_is_refused_in_a_sentence(use, seed):
    with pytest.raises(
        InvalidSetting, match=r"^seed is .{1,80}; choose a whole number from -9,223,.*, for example 42\.$"
    ):
        use(seed)


@pytest.mark.parametrize("seed", SEEDS, ids=repr)
def test_generation_takes_the_same_seeds(tiny_model, seed):
    texts = [[step.token_id for step in generate(tiny_model, TINY_IDS, 4, seed=one)] for one in (seed, int(seed))]
    assert texts[0] == texts[1]


@pytest.mark.parametrize("seed", [seed for seed in NO_SEEDS if seed is not None], ids=shown)
def test_generation_refuses_the_same_and_draws_its_own_without(tiny_model, seed):
    with pytest.raises(InvalidSetting, match=r"^seed is"):
        generate(tiny_model, TINY_IDS, 4, seed=seed)
    assert len(list(generate(tiny_model, TINY_IDS, 4, seed=None))) == 4


def test_seeds_of_usual_size_draw_what_they_drew_before():
    """Published texts and runs that are to be resumed hang on it."""
    generator = torch.Generator().manual_seed(42 * 1_000_003 + 5)
    uniform = torch.rand(9, generator=generator, dtype=torch.float64)
    assert torch.equal(gumbel_noise(9, 42, 5), -torch.log(-torch.log(uniform)))
    generator = torch.Generator().manual_seed(3 * 1_000_003 + 2)
    offset = int(torch.randint(4, (1,), generator=generator))
    order = torch.randperm(23, generator=generator)
    assert torch.equal(SlidingWindows(torch.arange(97), 4, 2, seed=3).starts(2), order * 4 + offset)


def test_a_seed_and_its_number_are_mixed_into_one_that_torch_takes():
    for seed in map(int, SEEDS):
        for number in (0, 1, 10**9):
            torch.Generator().manual_seed(mixed_seed(seed, number))
    assert mixed_seed(7, 3) == 7 * 1_000_003 + 3


FIELDS = [(field.name, type(field.default)) for field in dataclasses.fields(TrainSettings)]


@pytest.mark.parametrize("value", NO_NUMBERS, ids=shown)
@pytest.mark.parametrize("name", [name for name, kind in FIELDS if kind in (int, float)])
def test_no_setting_of_training_is_nan_infinite_or_no_number(name, value):
    with pytest.raises(InvalidSetting, match="choose"):
        TrainSettings(**{name: value})


@pytest.mark.parametrize("value", [1.5, -3, 2**40, np.float64(2.0)], ids=repr)
@pytest.mark.parametrize("name", [name for name, kind in FIELDS if kind is int and name != "seed"])
def test_counts_of_training_are_whole_and_of_a_size_that_can_be_counted(name, value):
    with pytest.raises(InvalidSetting, match=rf"{name} is .*; choose a whole number from [01] to 2,147,483,647"):
        TrainSettings(**{name: value})


@pytest.mark.parametrize("value", [3, None, [], b"bf16"], ids=repr)
@pytest.mark.parametrize("name", [name for name, kind in FIELDS if kind is str])
def test_choices_and_texts_of_training_are_texts(name, value):
    with pytest.raises(InvalidSetting, match="choose"):
        TrainSettings(**{name: value})


def test_numbers_of_numpy_become_pythons_and_can_be_written_down():
    settings = TrainSettings(steps=np.int64(7), clip_norm=np.float32(0.5), weight_decay=0, seed=np.uint8(3))
    assert {type(value) for value in dataclasses.asdict(settings).values()} <= {int, float, str, bool, tuple}
    assert settings == TrainSettings(steps=7, clip_norm=0.5, weight_decay=0.0, seed=3)


@pytest.mark.parametrize("value", NO_NUMBERS, ids=shown)
@pytest.mark.parametrize("name", [field.name for field in dataclasses.fields(SamplingSettings)])
def test_no_setting_of_sampling_is_nan_infinite_or_no_number(name, value):
    with pytest.raises(InvalidSetting, match="choose"):
        SamplingSettings(**{name: value})


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 10**400, "1", None, True], ids=shown)
@pytest.mark.parametrize("name", ["drop_rate", "norm_eps"])
def test_no_float_of_a_model_is_nan_infinite_or_no_number(name, value):
    with pytest.raises(Gpt2CoreError, match=name):
        GPTConfig(**{name: value})


@pytest.mark.parametrize("value", NO_NUMBERS, ids=shown)
def test_beams_scores_and_lengths_refuse_what_is_no_number(tiny_model, value):
    calls: list[Any] = [
        lambda: beam_search(tiny_model, TINY_IDS, 2, length_penalty=value),
        lambda: beam_search(tiny_model, TINY_IDS, 2, width=value),
        lambda: beam_search(tiny_model, TINY_IDS, value),
        lambda: generate(tiny_model, TINY_IDS, value),
        lambda: score_text(tiny_model, TINY_IDS, stride=value) if value is not None else score_text(tiny_model, [1]),
    ]
    for call in calls:
        with pytest.raises(InvalidSetting, match=r"choose|Give a text"):
            call()


def test_what_was_given_is_shown_short():
    assert shown("a" * 500) == "'" + "a" * 59 + "…"
    assert shown(10**5000) == "a number of thousands of digits"
    assert shown(2.5) == "2.5"


def test_bools_and_strings_are_neither_whole_nor_numbers():
    assert [is_whole(value) for value in (3, np.int32(3), True, 3.0, "3")] == [True, True, False, False, False]
    assert [is_number(value) for value in (3, 2.5, np.float32(1), True, math.nan, "3")] == [True] * 3 + [False] * 3
    assert checked_seed(np.int64(5)) == 5
