"""A curriculum: what each update reads, and how fast it learns from it."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from gpt2core import PRESETS, GPTConfig, TrainSettings, gpt2_tokenizer
from gpt2core.data import Corpus, SlidingWindows
from gpt2core.errors import InvalidSetting
from gpt2core.train.phases import Curriculum, Phase, ending_at, parsed_phase, phase_at

CONFIG = GPTConfig(300, 48, 16, 2, 2, drop_rate=0.0, qkv_bias=True, tied_head=True)
TOKENIZER = gpt2_tokenizer(300)
END = TOKENIZER.end_of_text
IDS = torch.tensor([*range(20), END] * 120)
CORPUS = Corpus(IDS, torch.arange(100), 4.0)
PHASES = (Phase(3, window=12, exercises=0.5), Phase(4, window=24, exercises=0.2), Phase(5))


def curriculum(phases: tuple[Phase, ...] = PHASES, **more: int) -> Curriculum:
    return Curriculum(phases, CORPUS, CONFIG, TOKENIZER, batch_size=2, **more)


def test_each_update_reads_windows_of_its_phase_and_as_many_tokens_as_any_other() -> None:
    shapes = [tuple(curriculum().batch(step)[0].shape) for step in range(12)]
    assert shapes == [(8, 12)] * 3 + [(4, 24)] * 4 + [(2, 48)] * 5
    assert [curriculum().window_at(step) for step in (0, 2, 3, 6, 7, 11, 50)] == [12, 12, 24, 24, 48, 48, 48]


def test_a_batch_depends_on_the_number_of_its_update_alone() -> None:
    forwards, backwards = curriculum(), curriculum()
    there = [forwards.batch(step) for step in range(12)]
    back = [backwards.batch(step) for step in reversed(range(12))][::-1]
    for ours, theirs in zip(there, back, strict=True):
        assert all(torch.equal(one, other) for one, other in zip(ours, theirs, strict=True))


def test_a_phase_without_exercises_reads_the_text_as_a_run_without_phases_does() -> None:
    plain = SlidingWindows(IDS, 48, 2, seed=5)
    only = curriculum((Phase(9),), seed=5)
    for step in range(9):
        assert torch.equal(only.batch(step)[0], plain.batch(step)[0])


def test_each_phase_begins_with_the_first_of_its_own_windows() -> None:
    made = curriculum()
    for number, step in enumerate((0, 3, 7)):
        assert torch.equal(made.batch(step)[0], made.windows(number).batch(0)[0])


def test_phases_of_one_kind_read_in_orders_of_their_own() -> None:
    twice = curriculum((Phase(4), Phase(4)))
    assert not torch.equal(twice.batch(0)[0], twice.batch(4)[0])


def test_the_share_of_a_phase_is_in_what_it_reads() -> None:
    longest = 4 * 4 + 1
    for number, share in ((0, 0.5), (1, 0.2), (2, 0.0)):
        n = len(curriculum().windows(number).token_ids)
        assert abs((n - len(IDS)) - share * n) <= longest * 2


def test_the_rate_warms_up_and_falls_in_each_phase_by_itself() -> None:
    phases = (
        Phase(4, learning_rate=0.1, final_learning_rate=0.5, warmup_steps=2),
        Phase(6, final_learning_rate=1.0),
        Phase(2),
    )
    settings = TrainSettings(steps=12, learning_rate=0.02, final_learning_rate=0.0, warmup_steps=1, phases=phases)
    rates = [settings.learning_rate_at(step) for step in range(13)]
    assert rates[:4] == pytest.approx([0.05, 0.1, 0.1, 0.075])
    assert rates[4:10] == pytest.approx([0.02] * 6)
    assert rates[10:] == pytest.approx([0.02, 0.02, 0.0])


def test_a_run_of_one_phase_learns_at_the_rates_of_a_run_without() -> None:
    plain = TrainSettings(steps=30, warmup_steps=4)
    assert [replace(plain, phases=(Phase(30),)).learning_rate_at(step) for step in range(31)] == [
        plain.learning_rate_at(step) for step in range(31)
    ]


def test_a_run_made_longer_or_shorter_changes_its_last_phase_only() -> None:
    assert ending_at(PHASES, 20) == (*PHASES[:2], Phase(13))
    assert ending_at(PHASES, 8) == (*PHASES[:2], Phase(1))
    with pytest.raises(InvalidSetting, match="begins after update 7, so a run of 7 would not reach it; choose more"):
        ending_at(PHASES, 7)


def test_the_last_phase_has_no_end() -> None:
    assert [phase_at(PHASES, step) for step in (0, 2, 3, 7, 11, 99)] == [
        (0, 0),
        (0, 2),
        (1, 0),
        (2, 0),
        (2, 4),
        (2, 92),
    ]


def test_a_phase_is_spelt_in_one_way() -> None:
    assert parsed_phase("steps=7") == Phase(7)
    assert parsed_phase(
        " steps = 7, window=64,exercises=0.6,learning-rate=6e-3,final-learning-rate=0,warmup-steps=9"
    ) == Phase(7, 64, 0.6, 0.006, 0.0, 9)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "which is not one of steps=, window=, exercises="),
        ("window=64", "does not say how long it is; choose"),
        ("steps=7,steps=8", "each once; write"),
        ("steps=7,colour=3", "'colour=3', which is not one of"),
        ("steps=seven", "has 'seven' for steps; choose a number"),
        ("steps=7.5", "has '7.5' for steps; choose a number"),
        ("steps=7,exercises=", "has '' for exercises; choose a number"),
        ("steps=0", "steps of a phase is 0; choose a whole number from 1"),
        ("steps=7,window=-1", "window of a phase is -1; choose"),
        ("steps=7,exercises=1", r"share of copy exercises is 1.0; choose at least 0 and less than 1"),
        ("steps=7,exercises=nan", "share of copy exercises is nan; choose"),
        ("steps=7,learning-rate=nan", "learning rate is nan; choose"),
        ("steps=7,learning-rate=0", "learning rate is 0.0; choose"),
        ("steps=7,final-learning-rate=2", "final_learning_rate is 2.0; choose"),
        ("steps=7,warmup-steps=-1", "warmup_steps of a phase is -1; choose"),
    ],
)  # fmt: skip
def test_a_phase_that_cannot_be_is_refused_in_one_sentence(text: str, told: str) -> None:
    with pytest.raises(InvalidSetting, match=told) as refusal:
        parsed_phase(text)
    assert str(refusal.value).endswith(".")


def test_windows_that_do_not_fit_the_model_are_refused() -> None:
    with pytest.raises(InvalidSetting, match="windows of 96 tokens, and this model reads at most 48; choose a shorter"):
        curriculum((Phase(1, window=96),))
    with pytest.raises(InvalidSetting, match="context of 48; choose a window that divides it, for example 4"):
        curriculum((Phase(1, window=20),))
    with pytest.raises(InvalidSetting, match="12 tokens at least, and these are of 8; choose"):
        curriculum((Phase(1, window=8, exercises=0.1),))


def test_exercises_without_a_tokenizer_are_refused() -> None:
    with pytest.raises(InvalidSetting, match="choose phases without exercises"):
        Curriculum(PHASES, CORPUS, CONFIG, None, batch_size=2)


@pytest.mark.parametrize("phases", [[Phase(12)], (12,), None, "steps=12", (Phase(11),), (Phase(6), Phase(7))], ids=repr)
def test_phases_that_are_none_or_add_up_to_another_run_are_refused(phases: object) -> None:
    with pytest.raises(InvalidSetting, match="choose"):
        TrainSettings(steps=12, phases=phases)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["exercises", "learning_rate", "final_learning_rate"])
@pytest.mark.parametrize("value", [math.nan, math.inf, "1", True, 10**400], ids=str)
def test_no_number_of_a_phase_is_nan_infinite_or_no_number(name: str, value: object) -> None:
    with pytest.raises(InvalidSetting, match="choose"):
        Phase(3, **{name: value})  # type: ignore[arg-type]


def test_the_model_that_ships_can_begin_with_windows_of_64() -> None:
    assert Phase(600, window=64).window_of(PRESETS["stories"].context_length) == 64
