"""Every setting of a run has its limits, and what changed between two recipes is told whole."""

from __future__ import annotations

import math
import re
from dataclasses import fields, replace

import pytest

from explorer.answers.detective import CASES
from explorer.answers.estimate import estimate
from explorer.answers.recipe import NUMBERS, OWN, SHAPE, WHOLE, Recipe, changed_fields, command
from explorer.answers.training import corpus_for
from explorer.catalogue import catalogue
from gpt2core import gpt2_tokenizer
from gpt2core.errors import InvalidSetting
from gpt2core.train.cli import parser, settings_from


def called(name):
    """What the page calls a setting."""
    return re.escape(catalogue("training")(f"field_{name}"))


def test_a_refusal_speaks_of_a_setting_as_the_page_does():
    with pytest.raises(
        InvalidSetting, match="The setting “clip gradients at” is 0; choose a number from 1e-09 to 1000"
    ):
        Recipe(clip_norm=0)
    with pytest.raises(InvalidSetting, match="The setting “steps” is nothing; choose a whole number from 1 to 3,000"):
        Recipe(steps=None)


@pytest.mark.parametrize("name", [*WHOLE])
def test_whole_numbers_have_a_least_and_a_most(name):
    least, most = WHOLE[name]
    for wrong in (least - 1, most + 1, 2.5, True, "3", None, math.nan):
        with pytest.raises(InvalidSetting, match=rf"“{called(name)}” is .*choose a whole number from"):
            Recipe(**{"size": OWN, name: wrong})


@pytest.mark.parametrize("name", [*NUMBERS])
def test_numbers_have_them_too(name):
    _, most = NUMBERS[name]
    for wrong in (-0.1, most * 1.01, math.nan, math.inf, "x", None, True):
        with pytest.raises(InvalidSetting, match=rf"“{called(name)}” is .*choose a number from .* to"):
            Recipe(**{name: wrong})


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"emb_dim": 50, "n_heads": 4}, "cannot be shared by 4 heads"),
        ({"n_layers": 8, "emb_dim": 384, "vocab_size": 4096}, "at most 8,000,000"),
        ({"batch_size": 10, "accumulation_steps": 4}, "divides it"),
        ({"vocab_size": 1000}, "The setting “vocabulary” is 1000"),
        ({"optimizer": "sgd"}, "The setting “optimizer” is 'sgd'; choose adamw, muon"),
        ({"train_only": "nothing"}, "choose all, last, head"),
        ({"source": 3}, "no model’s name"),
        ({"causal": 1}, "The setting “causal mask” is 1; choose True, False"),
        ({"shuffled_targets": None}, "“shuffle what is asked for” is nothing"),
        ({"size": "vast"}, "The setting “model size” is 'vast'; choose mini, tiny, small, own"),
    ],
)
def test_what_does_not_fit_together_is_refused_in_a_sentence(wrong, told):
    with pytest.raises(InvalidSetting, match=told):
        Recipe(**{"size": OWN, **wrong})


def test_a_presets_shape_is_its_own_whatever_the_sliders_say():
    assert Recipe("mini", n_layers=7) == Recipe("mini")
    assert Recipe("mini", n_layers=7).config.n_layers == 2


def test_what_changed_is_told_but_not_what_a_preset_brings():
    assert changed_fields(Recipe("mini"), Recipe("tiny")) == {"size": ("tiny", "mini")}
    own = Recipe(OWN, n_layers=3)
    assert set(changed_fields(own, replace(own, n_layers=2, seed=1))) == {"n_layers", "seed"}
    told = {name for name in SHAPE if getattr(own, name) != getattr(Recipe("mini"), name)}
    assert set(changed_fields(own, Recipe("mini"))) == {"size", *told}


def test_every_setting_stands_in_the_command_line_where_it_acts():
    usual = command(Recipe(OWN), 4)
    for field in fields(Recipe):
        if field.name in ("size", "source", "train_only", "patience", "vocabulary"):
            continue
        value = getattr(Recipe(OWN), field.name)
        other = {"optimizer": "muon", "precision": "bf16", "vocab_size": 512, "causal": False}.get(field.name)
        other = True if field.name == "shuffled_targets" else other
        other = other if other is not None else value * 2 if value else {"drop_rate": 0.5}.get(field.name, 1)
        assert command(replace(Recipe(OWN), **{field.name: other}), 4) != usual, field.name


def test_the_command_line_is_read_as_the_recipes_settings():
    recipe = Recipe(
        OWN, 100, 1e-3, 8, stride=3, weight_decay=0.0, clip_norm=2.0, seed=5, causal=False, shuffled_targets=True
    )
    options = parser().parse_args(command(recipe, recipe.n_layers).split()[3:])
    read = settings_from(options, None)
    mine = recipe.settings(recipe.n_layers)
    watching = {"eval_every": 1, "eval_windows": 1, "sample_every": 1, "sample_tokens": 1}
    assert replace(read, **watching) == replace(mine, **watching)


@pytest.mark.parametrize("name", [*CASES])
def test_every_case_of_the_detective_can_be_trained(name):
    case = CASES[name]
    corpus = corpus_for(case.text(), gpt2_tokenizer(case.recipe.vocab_size), case.recipe.config)
    assert len(corpus.train_ids) > case.recipe.config.context_length


def test_an_estimate_grows_with_the_work():
    one = estimate(Recipe("mini", 100), Recipe("mini").config)
    assert one.n_parameters == Recipe("mini").config.n_parameters
    assert estimate(Recipe("mini", 200), Recipe("mini").config).seconds == pytest.approx(2 * one.seconds)
    assert estimate(Recipe("small", 100), Recipe("small").config).n_bytes > one.n_bytes
