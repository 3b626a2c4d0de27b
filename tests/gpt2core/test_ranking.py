"""What a part costs is what the pass without it says."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from torch.nn import functional as F

from gpt2core import edits, trace
from gpt2core.edits import Edit
from gpt2core.errors import EmptyPrompt, InvalidSetting, NotFinite, PromptTooLong, TokenOutOfRange, UnknownSite
from gpt2core.ranking import ablation_costs, all_parts, logits_without_heads, switched_off
from tests.conftest import TINY, TINY_IDS
from tests.gpt2core.test_edits import OTHER_IDS
from tests.reference import random_model

DOUBLE = Edit("double the stream", ("resid_pre",), 1, lambda value, here: value * 2, causal=True)
BASES = {
    "none": [],
    "a head and the norms": [edits.zero_head(0, 2), edits.norm_off(1)],
    "no mask": [edits.mask_off()],
    "the stream itself": [DOUBLE],
    "shortcuts": [edits.shortcut_off(1), edits.knock_out(5, 1)],
    "logits": [Edit("double the logits", ("logits",), None, lambda value, here: value * 2, causal=True)],
}


def whole_pass(model, ids, base, part, how):
    return trace(model, ids, {"logits"}, [*base, switched_off(part, how)])["logits"]


def mean_loss(logits, ids):
    return float(F.cross_entropy(logits[:-1], torch.tensor(ids[1:])))


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("config", [TINY, replace(TINY, n_layers=4, qkv_bias=False, tied_head=False)], ids=str)
@pytest.mark.parametrize("how", ["zero", "mean"])
def test_every_part_costs_what_a_whole_pass_without_it_says(base, config, how):
    model, changes = random_model(config), BASES[base]
    before = trace(model, TINY_IDS, {"logits"}, changes)["logits"]
    shares = before[-1].double().softmax(-1)
    costs = list(ablation_costs(model, TINY_IDS, edits=changes, how=how))
    assert [(one.layer, one.head) for one in costs] == all_parts(config)
    for one in costs:
        after = whole_pass(model, TINY_IDS, changes, (one.layer, one.head), how)
        now = after[-1].double().softmax(-1)
        assert one.guess_before == int(shares.argmax())
        assert one.guess == int(now.argmax())
        assert one.share_before == pytest.approx(float(shares.max()), abs=1e-6)
        assert one.share == pytest.approx(float(now[one.guess_before]), abs=1e-6)
        assert one.kl == pytest.approx(float((shares * (shares / now).log()).sum()), abs=1e-5)
        if how == "zero" and base != "no mask":
            assert one.loss_before == pytest.approx(mean_loss(before, TINY_IDS), abs=1e-5)
            assert one.loss == pytest.approx(mean_loss(after, TINY_IDS), abs=1e-5)
            assert one.rise == one.loss - one.loss_before
        else:
            assert one.loss is None
            assert one.rise is None
        assert one.edit == switched_off((one.layer, one.head), how)
        assert one.refusal is None


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("position", [-1, 2])
def test_logits_without_a_head_are_those_of_a_whole_pass_without_it(base, position, tiny_model):
    asked, found = [5, 20, 5], list(logits_without_heads(tiny_model, TINY_IDS, [5, 20, 5], BASES[base], position))
    heads = [part for part in all_parts(TINY) if part[1] is not None]
    assert [(one.layer, one.head) for one in found] == heads
    for one in found:
        whole = whole_pass(tiny_model, TINY_IDS, BASES[base], (one.layer, one.head), "zero")
        torch.testing.assert_close(one.logits, whole[position, asked], atol=1e-5, rtol=0)


def test_only_the_heads_asked_for_are_switched_off(tiny_model):
    found = list(logits_without_heads(tiny_model, TINY_IDS, [5], heads=[(1, 2), (0, 0)]))
    assert [(one.layer, one.head) for one in found] == [(1, 2), (0, 0)]
    with pytest.raises(InvalidSetting, match="There is no head 9"):
        logits_without_heads(tiny_model, TINY_IDS, [5], heads=[(1, 9)])


def test_where_logits_overflow_without_a_head_that_is_said_and_the_next_follows(tiny_model):
    explode = Edit(
        "explode where head 1 is silent",
        ("attn_out",),
        1,
        lambda value, here: value * (math.inf if bool((here.seen["z"][:, 1] == 0).all()) else 1.0),
        causal=True,
    )
    found = list(logits_without_heads(tiny_model, TINY_IDS, [5], [explode]))
    refused = [(one.layer, one.head) for one in found if one.logits is None]
    assert refused == [(1, 1)]
    assert isinstance(found[4].refusal, NotFinite)
    assert len(found) == 6


@pytest.mark.parametrize(
    ("given", "error"),
    [(([], [5]), EmptyPrompt), ((TINY_IDS, [TINY.vocab_size]), TokenOutOfRange), ((TINY_IDS, [-1]), TokenOutOfRange)],
)
def test_what_cannot_be_read_without_heads_is_refused_at_once(given, error, tiny_model):
    with pytest.raises(error):
        logits_without_heads(tiny_model, *given)
    with pytest.raises(InvalidSetting, match="There is no position"):
        logits_without_heads(tiny_model, TINY_IDS, [5], position=len(TINY_IDS))


def test_parts_switched_off_are_those_named():
    assert switched_off((1, 2)) == edits.zero_head(1, 2)
    assert switched_off((1, None)) == edits.zero_mlp(1)
    assert switched_off((0, 0), "mean") == edits.mean_head(0, 0)
    assert switched_off((0, None), "mean") == edits.mean_mlp(0)
    assert all_parts(TINY) == [(0, 0), (0, 1), (0, 2), (0, None), (1, 0), (1, 1), (1, 2), (1, None)]


def test_only_the_parts_asked_for_in_the_order_asked_for(tiny_model):
    parts = [(1, None), (0, 2), (1, 0)]
    whole = {(one.layer, one.head): one for one in ablation_costs(tiny_model, TINY_IDS)}
    assert list(ablation_costs(tiny_model, TINY_IDS, parts)) == [whole[part] for part in parts]
    assert list(ablation_costs(tiny_model, TINY_IDS, [])) == []


@pytest.mark.parametrize("position", [0, 3, -2])
def test_the_next_token_is_that_of_the_position(position, tiny_model, tiny_trace):
    for one in ablation_costs(tiny_model, TINY_IDS, position=position):
        after = whole_pass(tiny_model, TINY_IDS, [], (one.layer, one.head), "zero")[position].double().softmax(-1)
        assert one.guess_before == int(tiny_trace["logits"][position].argmax())
        assert one.share == pytest.approx(float(after[one.guess_before]), abs=1e-6)


def test_a_single_token_has_no_loss_but_foretells_one(tiny_model):
    costs = list(ablation_costs(tiny_model, [5]))
    assert {one.loss for one in costs} == {one.loss_before for one in costs} == {one.rise for one in costs} == {None}
    assert all(one.kl > 0 for one in costs)


def test_a_part_that_is_off_already_costs_nothing_more(tiny_model):
    (one,) = ablation_costs(tiny_model, TINY_IDS, [(0, 1)], [edits.zero_head(0, 1)])
    assert (one.rise, one.kl) == (0.0, 0.0)


def test_where_the_numbers_overflow_without_a_part_that_is_said_and_the_next_follows(tiny_model):
    explode = Edit(
        "explode where head 1 is silent",
        ("attn_out",),
        1,
        lambda value, here: value * (math.inf if bool((here.seen["z"][:, 1] == 0).all()) else 1.0),
        causal=True,
    )
    plain = {(one.layer, one.head): one for one in ablation_costs(tiny_model, TINY_IDS)}
    for one in ablation_costs(tiny_model, TINY_IDS, edits=[explode]):
        if (one.layer, one.head) == (1, 1):
            assert isinstance(one.refusal, NotFinite)
            assert (one.loss, one.rise, one.share, one.guess, one.kl) == (None,) * 5
            assert one.loss_before is not None
        else:
            assert one == plain[one.layer, one.head]


def test_how_far_what_comes_next_has_moved_is_finite_though_a_share_is_too_small_for_a_float(tiny_model):
    loud = Edit("loud", ("logits",), None, lambda value, here: value * 1000, causal=True)
    costs = list(ablation_costs(tiny_model, TINY_IDS, edits=[loud]))
    assert all(0 <= one.kl < math.inf for one in costs)
    assert max(one.kl for one in costs) > 745  # e^-746 is 0


def test_it_can_be_abandoned_and_leaves_the_model_and_gradients_as_they_were(tiny_model):
    model = random_model(TINY).train()
    costs = ablation_costs(model, TINY_IDS)
    next(costs)
    assert torch.is_grad_enabled()
    assert model.training
    costs.close()
    weights = random_model(TINY).state_dict()
    assert all(torch.equal(tensor, weights[name]) for name, tensor in model.state_dict().items())
    assert next(ablation_costs(tiny_model, TINY_IDS)).kl > 0


def test_the_unswitched_pass_is_made_once_and_each_part_begins_at_its_layer(tiny_model, monkeypatch):
    n_blocks = []
    forward = type(tiny_model.trf_blocks[0]).forward

    def counted(block, x, layer=0, tap=None, cache=None):
        n_blocks.append(layer)
        return forward(block, x, layer, tap, cache)

    monkeypatch.setattr(type(tiny_model.trf_blocks[0]), "forward", counted)
    list(ablation_costs(tiny_model, OTHER_IDS))
    n_parts = TINY.n_heads + 1
    assert n_blocks.count(0) == 1 + n_parts
    assert n_blocks.count(1) == 1 + 2 * n_parts


def test_what_cannot_be_ranked_is_refused(tiny_model):
    with pytest.raises(EmptyPrompt):
        ablation_costs(tiny_model, [])
    with pytest.raises(TokenOutOfRange):
        ablation_costs(tiny_model, [50])
    with pytest.raises(InvalidSetting, match="switched off to 'half'; choose 'zero' or 'mean'"):
        ablation_costs(tiny_model, TINY_IDS, how="half")
    with pytest.raises(InvalidSetting, match="There is no position 7; this text's tokens are at 0 to 6"):
        ablation_costs(tiny_model, TINY_IDS, position=7)
    with pytest.raises(InvalidSetting, match="There is no layer 2"):
        ablation_costs(tiny_model, TINY_IDS, [(2, None)])
    with pytest.raises(InvalidSetting, match="There is no head 3"):
        ablation_costs(tiny_model, TINY_IDS, [(0, 3)])
    with pytest.raises(UnknownSite):
        ablation_costs(tiny_model, TINY_IDS, edits=[edits.zero_mlp(2)])
    with pytest.raises(PromptTooLong):
        next(ablation_costs(tiny_model, [0] * 17))
    explode = Edit("explode", ("resid_mid",), 0, lambda value, here: value * math.inf)
    with pytest.raises(NotFinite, match="under these edits"):
        next(ablation_costs(tiny_model, TINY_IDS, edits=[explode]))
