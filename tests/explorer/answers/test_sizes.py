"""Sizes as a person reads them."""

from __future__ import annotations

import pytest

from explorer.answers.sizes import (
    GROUPS,
    difference_sentence,
    in_bytes,
    in_units,
    shares_of,
    size_table,
    sizes_of,
    summary_sentence,
)
from explorer.store.services import DEFAULT_MODEL
from gpt2core import GPT_CONFIG_124M, PRESETS
from gpt2core.sizes import flops_per_token, parameters_by_kind
from tests.explorer.conftest import CONFIG


@pytest.mark.parametrize("config", PRESETS.values(), ids=PRESETS)
def test_the_shares_are_all_of_it_and_each_has_a_name(config):
    shares = shares_of(config)
    assert sum(one.n_parameters for one in shares) == config.n_parameters
    assert {kind for kinds in GROUPS.values() for kind in kinds} == set(parameters_by_kind(config))
    assert len({one.label for one in shares}) == len(shares)
    assert ("out_head" in {one.kind for one in shares}) is not config.tied_head


def test_the_summary_names_the_group_that_holds_most():
    assert summary_sentence(PRESETS["stories"]) == "Most of it: the MLPs hold 1.78 M of 4.29 M parameters, 41.4 %."
    assert "the embeddings hold" in summary_sentence(PRESETS["small"])


def test_the_table_has_the_model_on_screen_first_and_every_preset():
    table = size_table(CONFIG, "mine", 4)
    assert list(table["model"]) == ["mine", *PRESETS]
    gpt2 = table[table["model"] == "124M"].iloc[0]
    assert gpt2["parameters"] == "124,439,808"
    assert (gpt2["float32"], gpt2["float16"]) == ("498 MB", "249 MB")
    flops = next(name for name in table if name.startswith("FLOPs a token that sees 4,"))
    assert gpt2[flops] == in_units(flops_per_token(PRESETS["124M"], 4)) == "247 M"
    assert gpt2["KV cache a token (float32)"] == "73.7 kB"
    assert gpt2["KV cache, full (float32)"] == "75.5 MB at 1,024 tokens"


def test_a_preset_that_reads_less_is_told_at_all_that_it_reads():
    table = size_table(GPT_CONFIG_124M, "mine", 1000)
    tiny = table[table["model"] == "tiny"].iloc[0]
    assert in_units(flops_per_token(PRESETS["tiny"], 64)) in set(tiny)


def test_the_two_sizes_of_124m_are_explained_part_by_part():
    told = difference_sentence()
    biases = 12 * 3 * 768
    assert all(f"{n:,}" in told for n in (163_009_536, 124_439_808, 50_257 * 768, biases, 50_257 * 768 - biases))


def test_all_of_it_for_the_model_on_screen(services, run):
    found = sizes_of(services, run)
    assert found.shares == shares_of(CONFIG)
    assert found.table.iloc[0]["parameters"] == f"{CONFIG.n_parameters:,}"
    assert services.models.title(DEFAULT_MODEL) == found.table.iloc[0]["model"]
    assert found.summary == summary_sentence(CONFIG)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (768, "768"),
        (4_290_048, "4.29 M"),
        (163_009_536, "163 M"),
        (999_900, "1.00 M"),
        (99_960, "100 k"),
        (1.5e12, "1.50 T"),
    ],
)
def test_large_numbers_have_three_digits_and_a_unit(number, text):
    assert in_units(number) == text


def test_bytes_have_theirs():
    assert [in_bytes(n) for n in (768, 73_728, 2_000_000_000)] == ["768 B", "73.7 kB", "2.00 GB"]
