"""The settings that a browser sends are checked like anything else it sends."""

from __future__ import annotations

import pytest

from explorer.answers.settings import MAX_SEED, checked_settings
from explorer.widgets.settings import PRESETS, SLIDERS, sampling_panel
from gpt2core.errors import InvalidSetting
from gpt2core.sampling import SamplingSettings

GOOD = {"temperature": 0.7, "top_k": 50, "top_p": 0.9, "min_p": 0.1, "repetition_penalty": 1.2, "seed": 7}


def test_a_panel_starts_with_everything_off_and_its_value_is_accepted() -> None:
    settings, seed = checked_settings(sampling_panel("panel").value)
    assert settings == SamplingSettings()
    assert seed == 42


def test_what_a_panel_holds_arrives() -> None:
    assert checked_settings(GOOD) == (SamplingSettings(0.7, 50, 0.9, 0.1, 1.2), 7)
    assert checked_settings({**GOOD, "seed": MAX_SEED})[1] == MAX_SEED


@pytest.mark.parametrize("seed", [-1, 0.5, MAX_SEED + 1, None, "7", True, float("nan"), float("inf")])
def test_a_wrong_seed_is_refused(seed: object) -> None:
    with pytest.raises(InvalidSetting, match="whole number from 0 to"):
        checked_settings({**GOOD, "seed": seed})


@pytest.mark.parametrize("name", SLIDERS)
@pytest.mark.parametrize("value", [-1, None, "1", True, float("nan"), [], 1e9 + 0.5])
def test_a_wrong_setting_is_refused(name: str, value: object) -> None:
    with pytest.raises(InvalidSetting):
        checked_settings({**GOOD, name: value})


@pytest.mark.parametrize("value", [None, 1, "x", [], [1, 2]])
def test_what_is_no_set_of_settings_is_refused(value: object) -> None:
    with pytest.raises(InvalidSetting, match="Reload"):
        checked_settings(value)


def test_the_presets_are_the_course_s() -> None:
    assert {name: (preset.temperature, preset.top_k) for name, preset in PRESETS.items()} == {
        "precise": (0.3, 10),
        "balanced": (0.7, 50),
        "creative": (1.0, 100),
        "experimental": (1.2, 0),
        "greedy": (0.0, 0),
    }
