"""The flags: every setting has one, and what is given arrives."""

from __future__ import annotations

import dataclasses

import pytest
import torch

from gpt2core import PRESETS, GPTConfig, TrainSettings
from gpt2core.errors import InvalidConfig
from gpt2core.train.cli import DEFAULTS, LEARNING, SIZE, WATCHING, WRONG, config_from, parser, settings_from

CPU = torch.device("cpu")
SHAPE_OF_THE_CODE = {"gelu", "norm_eps"}  # GPT-2's own; other values are for opening other people's models


def parsed(*flags: str):
    return parser().parse_args(["--text", "t", "--out", "o", *flags])


def test_every_setting_of_a_run_and_every_size_of_a_model_has_a_flag() -> None:
    settings = {field.name for field in dataclasses.fields(TrainSettings)}
    assert settings == {*LEARNING, *WRONG, *WATCHING, "precision", "optimizer", "compiled", "phases", "train_only"}
    assert {field.name for field in dataclasses.fields(GPTConfig)} - SHAPE_OF_THE_CODE == set(SIZE)


def test_without_flags_the_preset_and_the_defaults_hold() -> None:
    assert config_from(parsed("--preset", "stories")) == PRESETS["stories"]
    assert settings_from(parsed(), CPU) == DEFAULTS


def test_flags_take_the_place_of_the_presets_values() -> None:
    config = config_from(parsed("--preset", "tiny", "--n-layers", "2", "--no-qkv-bias", "--drop-rate", "0.1"))
    assert config == dataclasses.replace(PRESETS["tiny"], n_layers=2, qkv_bias=False, drop_rate=0.1)


@pytest.mark.parametrize("name", [*LEARNING, *WATCHING])
def test_each_setting_arrives_under_its_own_name(name: str) -> None:
    default = getattr(DEFAULTS, name)
    given = {int: 2, float: 0.25, str: "Once"}[type(default)]
    settings = settings_from(parsed("--" + name.replace("_", "-"), str(given)), CPU)
    assert settings == dataclasses.replace(DEFAULTS, **{name: given})


def test_the_optimizer_is_the_one_named() -> None:
    assert settings_from(parsed("--optimizer", "muon"), CPU).optimizer == "muon"


def test_auto_precision_is_one_that_can_be_trained_in() -> None:
    assert settings_from(parsed("--precision", "auto"), CPU).precision in ("fp32", "bf16")


def test_a_size_that_cannot_be_built_is_refused() -> None:
    with pytest.raises(InvalidConfig, match="equal width"):
        config_from(parsed("--emb-dim", "30", "--n-heads", "4"))


def test_help_says_a_line_to_every_flag() -> None:
    for action in parser()._actions:
        assert action.help
        assert len(action.help) < 160, action.option_strings
