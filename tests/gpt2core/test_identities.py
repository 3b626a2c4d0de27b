"""A pass keeps its laws, with or without edits; a trace with one number changed does not."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pytest
import torch

import gpt2core
from gpt2core import SITES, edits, load_pretrained, trace
from gpt2core.errors import InvalidSetting, MissingActivation
from gpt2core.identities import NAMES, SITES_TO_CHECK, check_identities
from tests.conftest import TINY, TINY_IDS
from tests.gpt2core.test_edits import EVERY_KIND, OTHER_IDS
from tests.reference import random_model

SHIPPED = Path(gpt2core.__file__).parents[1] / "checkpoints" / "tinystories"
T = len(TINY_IDS)

CONFIGS = [
    TINY,
    replace(TINY, qkv_bias=False, tied_head=False),
    replace(TINY, gelu="erf", n_heads=1),
    replace(TINY, n_layers=5, norm_eps=0.1),
    replace(TINY, emb_dim=4, n_heads=4, vocab_size=2000),
]


def by_name(seen, model, position=-1):
    return {one.name: one for one in check_identities(seen, model, position)}


def troubles(seen, model):
    return [one for one in check_identities(seen, model) if one.holds is False]


def corrupted(seen, site, layer, index, number):
    values = dict(seen.values)
    values[site, layer] = values[site, layer].clone()
    values[site, layer][index] = number
    return replace(seen, values=MappingProxyType(values))


@pytest.mark.parametrize("config", CONFIGS, ids=str)
@pytest.mark.parametrize("n_tokens", [1, 2, 7, 16])
def test_every_law_holds_on_every_kind_of_model(config, n_tokens):
    for seed in range(3):
        model = random_model(config, seed)
        ids = torch.randint(50, (n_tokens,), generator=torch.Generator().manual_seed(seed)).tolist()
        found = by_name(trace(model, ids), model)
        assert tuple(found) == NAMES
        for one in found.values():
            assert one.edits == ()
            # a single token has no future, and nothing told that could be lost on
            assert one.holds is (None if n_tokens == 1 and one.name in ("future", "loss") else True), one


def test_every_law_holds_on_the_model_that_ships():
    if not (SHIPPED / "config.json").exists():
        pytest.skip("the model that ships is not here")
    gpt = load_pretrained(SHIPPED)
    seen = trace(gpt.model, gpt.tokenizer.encode("Once upon a time there was a little cat. " * 9), SITES_TO_CHECK)
    for one in check_identities(seen, gpt.model):
        assert one.holds, one
        assert one.bound < 2e-3, one


def test_all_numbers_are_compared(tiny_model, tiny_trace):
    H, C, V, L = TINY.n_heads, TINY.emb_dim, TINY.vocab_size, TINY.n_layers
    assert {name: one.n for name, one in by_name(tiny_trace, tiny_model).items()} == {
        "rows": L * H * T,
        "future": L * H * T * (T - 1) // 2,
        "embed": T * C,
        "stream": 3 * L * T * C,
        "written": T * C,
        "norm_mean": (2 * L + 1) * T,
        "norm_variance": (2 * L + 1) * T,
        "shares": T,
        "logit": 1,
        "loss": T - 1,
        "fused": T * V,
    }


@pytest.mark.parametrize(
    ("name", "site", "layer", "index", "by"),
    [
        ("rows", "pattern", 1, (2, 5, 3), 1e-4),
        ("future", "pattern", 0, (1, 2, 3), 1e-30),
        ("embed", "pos_emb", None, (3, 4), 1e-4),
        ("embed", "embed", None, (0, 0), 1e-4),
        ("stream", "resid_pre", 1, (2, 7), 1e-4),
        ("stream", "attn_out", 0, (6, 1), 1e-4),
        ("stream", "mlp_out", 1, (0, 23), 1e-4),
        ("written", "resid_post", 1, (4, 4), 1e-3),
        ("written", "attn_out", 1, (4, 4), 1e-3),
        ("norm_mean", "ln1", 0, (3, 3), 1e-3),
        ("norm_mean", "ln_final", None, (6, 0), 1e-3),
        ("norm_variance", "ln2", 1, (3, 3), 1e-2),
        ("norm_variance", "ln_final", None, (6, 0), 1e-2),
        ("shares", "logits", None, (3, 3), math.inf),
        ("logit", "mlp_out", 1, (6, 3), 1e-2),
        ("logit", "z", 0, (1, 6, 3), 1e-2),
        ("logit", "tok_emb", None, (6, 3), 1e-2),
        ("loss", "logits", None, (2, TINY_IDS[3]), 1e-3),
        ("loss", "ln_final", None, (2, 5), 1e-2),
        ("fused", "logits", None, (6, 49), 1e-3),
    ],
)
def test_one_number_changed_breaks_the_law_that_it_is_part_of(name, site, layer, index, by, tiny_model, tiny_trace):
    number = float(tiny_trace[site, layer][index]) + by
    one = by_name(corrupted(tiny_trace, site, layer, index, number), tiny_model)[name]
    assert one.holds is False
    assert by_name(tiny_trace, tiny_model)[name].holds


def test_a_number_that_is_none_breaks_a_law_too(tiny_model, tiny_trace):
    broken = {one.name for one in troubles(corrupted(tiny_trace, "resid_mid", 0, (1, 1), math.nan), tiny_model)}
    assert {"stream", "norm_mean", "norm_variance"} <= broken


def test_the_trace_of_another_model_does_not_pass(tiny_trace):
    other = random_model(TINY, seed=1)
    assert {one.name for one in troubles(tiny_trace, other)} == {"norm_mean", "norm_variance", "logit", "loss", "fused"}


# What an edit puts numbers of its own into breaks these laws, in all places or in some; the rest hold, and the fused path knows no edits.
BREAKS = {
    "zero attention of layer 0": {"logit"},
    "mean attention of layer 1": {"logit"},
    "zero layer 0": {"logit"},
    "mean layer 1": {"logit"},
    "mask off in every layer": {"future"},
    "mask off in layer 1": {"future"},
    "LayerNorm off in every layer": {"norm_mean", "norm_variance", "logit"},
    "LayerNorm off in layer 0": {"norm_mean", "norm_variance"},
    "shortcut past attention off in layer 0": {"stream", "written", "logit"},
    "shortcut past mlp off in layer 1": {"stream", "written", "logit"},
}


@pytest.mark.parametrize("edit", EVERY_KIND, ids=lambda edit: edit.name)
def test_under_an_edit_what_it_breaks_is_left_out_and_named_and_all_else_holds(edit, tiny_model):
    found = by_name(trace(tiny_model, TINY_IDS, SITES_TO_CHECK, [edit]), tiny_model)
    assert {name for name, one in found.items() if one.edits} == BREAKS.get(edit.name, set()) | {"fused"}
    assert all(one.edits in ((), (edit.name,)) for one in found.values())
    assert [one for one in found.values() if one.holds is False] == []
    nothing_left = {name for name, one in found.items() if one.holds is None}
    whole = {"future"} if edit.name == "mask off in every layer" else set()
    whole |= {"norm_mean", "norm_variance"} if edit.name == "LayerNorm off in every layer" else set()
    assert nothing_left - {"logit", "written", "fused"} == whole


def test_where_an_edit_did_not_act_the_law_is_still_held_against_the_trace(tiny_model):
    seen = trace(tiny_model, TINY_IDS, edits=[edits.shortcut_off(0, "attention")])
    assert by_name(seen, tiny_model)["stream"].n == 5 * T * TINY.emb_dim
    wrong = corrupted(seen, "resid_post", 1, (0, 0), 9.0)
    assert by_name(wrong, tiny_model)["stream"].holds is False


def test_what_an_edit_leaves_over_of_a_logit_is_not_counted_as_a_part(tiny_model):
    seen = trace(tiny_model, TINY_IDS, edits=[edits.zero_head(0, 1)])
    assert by_name(seen, tiny_model)["logit"].holds
    assert by_name(corrupted(seen, "mlp_out", 1, (-1, 3), 9.0), tiny_model)["logit"].holds is False


def test_a_law_is_broken_by_none_of_the_edits_that_act_together(tiny_model):
    together = [
        edits.knock_out(5, 2),
        edits.norm_off(),
        edits.mask_off(0),
        edits.shortcut_off(1),
        edits.zero_head(0, 2),
    ]
    found = by_name(trace(tiny_model, TINY_IDS, edits=together), tiny_model)
    assert [one for one in found.values() if one.holds is False] == []
    assert found["future"].edits == ("mask off in layer 0",)
    assert found["fused"].edits == tuple(edit.name for edit in together)


@pytest.mark.parametrize("site", SITES)
def test_whatever_is_patched_in_breaks_no_law_that_is_held_against_it(site, tiny_model):
    other = trace(tiny_model, OTHER_IDS)
    layer = 1 if SITES[site].per_layer else None
    assert troubles(trace(tiny_model, TINY_IDS, edits=[edits.patch(other, site, layer)]), tiny_model) == []


def test_a_patch_that_changes_nothing_breaks_nothing(tiny_model, tiny_trace):
    same = trace(tiny_model, TINY_IDS, edits=[edits.patch(tiny_trace, "resid_mid", 0)])
    assert by_name(same, tiny_model)["stream"].edits == ()


def test_a_scale_of_zero_hides_nothing_else():
    model = random_model(TINY)
    with torch.no_grad():
        model.trf_blocks[0].norm1.scale[3] = 0.0
    seen = trace(model, TINY_IDS)
    assert troubles(seen, model) == []
    wrong = corrupted(seen, "ln1", 0, (2, 4), 9.0)
    assert {"norm_mean", "norm_variance"} <= {one.name for one in troubles(wrong, model)}


@pytest.mark.parametrize("position", [0, 3, -1])
def test_the_logit_taken_apart_is_that_of_the_position(position, tiny_model, tiny_trace):
    assert by_name(tiny_trace, tiny_model, position)["logit"].holds
    wrong = corrupted(tiny_trace, "mlp_out", 1, (position, 3), 9.0)
    assert by_name(wrong, tiny_model, position)["logit"].holds is False
    assert by_name(wrong, tiny_model, position=1)["logit"].holds


def test_what_was_not_recorded_cannot_be_checked(tiny_model, tiny_trace):
    assert check_identities(trace(tiny_model, TINY_IDS, SITES_TO_CHECK), tiny_model)
    for site in SITES_TO_CHECK:
        with pytest.raises(MissingActivation):
            check_identities(trace(tiny_model, TINY_IDS, set(SITES_TO_CHECK) - {site}), tiny_model)
    with pytest.raises(InvalidSetting, match="another size"):
        check_identities(tiny_trace, random_model(replace(TINY, emb_dim=48)))
