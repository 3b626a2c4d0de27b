"""Patching done by hooks in transformers' GPT-2, and what it must do whatever the weights are."""

from __future__ import annotations

import copy
from dataclasses import replace

import pytest
import torch

from gpt2core import edits, trace
from gpt2core.analysis import logit_lens
from gpt2core.edits import Edit
from gpt2core.errors import InvalidSetting, TokenOutOfRange
from gpt2core.patching import (
    PATCH_SITES,
    STREAM_SITES,
    patch_reach,
    patched_rows,
    patching,
    patching_work,
)
from tests.conftest import TINY, TINY_IDS
from tests.reference import hugging_face_twin, random_model

T = len(TINY_IDS)
OTHER_IDS = (7, 3, 8, 3, 11, 0, 49)  # another token at 2
UNLIKE_IDS = (1, 2, 4, 8, 16, 32, 5)
ONE_OF_EACH = replace(TINY, n_layers=1, n_heads=1)
close = torch.testing.assert_close


def grid(model, pair, site, **settings):
    return torch.stack([row.answers for row in patched_rows(model, pair, site, **settings)])


@pytest.fixture(scope="module")
def pair(tiny_model):
    return patching(tiny_model, TINY_IDS, OTHER_IDS, (5, 20))


class Hooked:
    """transformers' GPT-2: the values of one run, and the logits after the last token of another with one value replaced."""

    def __init__(self, model):
        self.twin = hugging_face_twin(model)
        self.heads = model.config.n_heads

    def hook(self, site, layer, act):
        """act(value [1, T, C]) -> the value to use. resid_mid is the block's input and what attention wrote."""
        block = self.twin.transformer.h[layer]
        first = lambda out: out if torch.is_tensor(out) else out[0]  # noqa: E731
        again = lambda out, new: new if torch.is_tensor(out) else (new, *out[1:])  # noqa: E731
        if site == "resid_pre":
            return [block.register_forward_pre_hook(lambda _, given: (act(given[0]), *given[1:]))]
        if site == "z":
            return [block.attn.c_proj.register_forward_pre_hook(lambda _, given: (act(given[0]),))]
        if site == "resid_mid":
            entered = []
            return [
                block.register_forward_pre_hook(lambda _, given: entered.append(given[0])),
                block.attn.register_forward_hook(
                    lambda _, __, out: again(out, act(entered[-1] + first(out)) - entered[-1])
                ),
            ]
        module = {"resid_post": block, "attn_out": block.attn, "mlp_out": block.mlp}[site]
        return [module.register_forward_hook(lambda _, __, out: again(out, act(first(out))))]

    @torch.no_grad()
    def run(self, ids, site, layer, act):
        hooks = self.hook(site, layer, act)
        logits = self.twin(torch.tensor([ids])).logits[0, -1]
        for hook in hooks:
            hook.remove()
        return logits

    def caught(self, ids, site, layer):
        seen = []
        self.run(ids, site, layer, lambda value: seen.append(value.clone()) or value)
        return seen[0]

    def patched(self, clean, corrupted, site, layer, place):
        wanted = self.caught(clean, site, layer)

        def act(value):
            value = value.clone()
            if site == "z":
                D = value.size(-1) // self.heads
                value[..., place * D : (place + 1) * D] = wanted[..., place * D : (place + 1) * D]
            else:
                value[0, place] = wanted[0, place]
            return value

        return self.run(corrupted, site, layer, act)


@pytest.mark.parametrize("config", [TINY, ONE_OF_EACH], ids=["tiny", "one layer, one head"])
@pytest.mark.parametrize("site", PATCH_SITES)
def test_every_cell_equals_a_hook_in_transformers(site, config):
    model = random_model(config, seed=3)
    hooked, pair = Hooked(model), patching(model, TINY_IDS, OTHER_IDS, (5, 20))
    found = grid(model, pair, site)
    assert found.shape == (config.n_layers, config.n_heads if site == "z" else T)
    for layer, row in enumerate(found):
        for place, answer in enumerate(row):
            logits = hooked.patched(TINY_IDS, OTHER_IDS, site, layer, place)
            close(answer, logits[5] - logits[20], atol=1e-4, rtol=0)


@pytest.mark.parametrize(
    "changes",
    [
        (edits.zero_head(0, 1), edits.mean_mlp(1)),
        (edits.shortcut_off(0), edits.mask_off()),
        (edits.norm_off(), edits.mean_head(1, 2)),
        (Edit("half", ("resid_pre", "mlp_post"), 1, lambda value, here: value / 2),),
    ],
    ids=lambda changes: " + ".join(edit.name for edit in changes),
)
@pytest.mark.parametrize("site", PATCH_SITES)
def test_under_edits_a_cell_is_the_trace_with_the_same_patch_last(site, changes, tiny_model):
    model = copy.deepcopy(tiny_model).double()  # without norms values reach hundreds
    pair = patching(model, TINY_IDS, OTHER_IDS, (5, 20), changes)
    clean = trace(model, TINY_IDS, {site}, changes)
    for layer, row in enumerate(grid(model, pair, site)):
        for place, answer in enumerate(row):
            where = {"head": place} if site == "z" else {"positions": [place]}
            patch = edits.patch(clean, site, layer, **where)
            logits = trace(model, OTHER_IDS, {"logits"}, [*changes, patch])["logits"][-1]
            close(answer, logits[5] - logits[20], atol=1e-7, rtol=1e-7)


@pytest.mark.parametrize("at", [0, 3, T - 1])
def test_a_head_at_one_position_is_patched_there_only(at, tiny_model, pair):
    for layer, row in enumerate(grid(tiny_model, pair, "z", at=at)):
        for head, answer in enumerate(row):
            patch = edits.patch(pair.clean, "z", layer, head=head, positions=[at])
            logits = trace(tiny_model, OTHER_IDS, {"logits"}, [patch])["logits"][-1]
            close(answer, logits[5] - logits[20], atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("site", PATCH_SITES)
def test_a_run_patched_with_itself_is_unchanged_and_nothing_is_recovered(site, tiny_model):
    same = patching(tiny_model, TINY_IDS, TINY_IDS)
    answers = grid(tiny_model, same, site)
    close(answers, torch.full_like(answers, same.corrupted_answer), atol=1e-5, rtol=1e-5)
    assert same.score(answers).isnan().all()
    reach = patch_reach(tiny_model, same, site, 0, place=0)
    assert float(reach.changes.abs().max()) == float(reach.answers.abs().max()) == 0


def test_the_whole_difference_lies_in_the_token_that_differs_and_moves_to_the_last(tiny_model, pair):
    scores = pair.score(grid(tiny_model, pair, "resid_pre"))
    close(scores[0], torch.tensor([0.0, 0, 1, 0, 0, 0, 0]), atol=1e-4, rtol=0)
    after = pair.score(grid(tiny_model, pair, "resid_post"))
    close(after[-1], torch.tensor([0.0, 0, 0, 0, 0, 0, 1]), atol=1e-4, rtol=0)
    assert scores[:, :2].abs().max() < 1e-4  # what the two runs share


@pytest.mark.parametrize("site", PATCH_SITES)
def test_a_patch_changes_nothing_where_it_cannot_reach_and_something_where_it_can(site, tiny_model):
    pair = patching(tiny_model, TINY_IDS, UNLIKE_IDS)
    for layer in range(TINY.n_layers):
        for place in (0, 2) if site == "z" else (0, 3, T - 1):
            for at in (None, 4) if site == "z" else (None,):
                reach = patch_reach(tiny_model, pair, site, layer, place=place, at=at)
                assert float(reach.changes[~reach.possible].max().nan_to_num() if (~reach.possible).any() else 0) == 0
                assert (reach.changes[reach.possible] > 0).all(), (layer, place, at)


def test_with_the_mask_off_a_patch_reaches_tokens_before_it(tiny_model):
    pair = patching(tiny_model, TINY_IDS, UNLIKE_IDS, edits=[edits.mask_off()])
    reach = patch_reach(tiny_model, pair, "mlp_out", 0, place=4)
    assert reach.possible[3].all()
    assert (reach.changes[3] > 0).all()
    assert reach.possible[2].tolist() == [False] * 4 + [True] + [False] * 2
    assert not reach.possible[:2].any()


def test_the_answer_of_a_reach_is_that_of_its_cell(tiny_model, pair):
    cell = float(grid(tiny_model, pair, "mlp_out")[1, 2])
    assert patch_reach(tiny_model, pair, "mlp_out", 1, place=2).patched_answer == pytest.approx(cell, abs=1e-5)


@pytest.mark.parametrize("site", PATCH_SITES)
def test_a_reach_is_told_at_every_place_as_two_whole_runs_differ_there(site, tiny_model, pair):
    reach = patch_reach(tiny_model, pair, site, 1, place=2, at=2 if site == "z" else None)
    where = {"head": 2} if site == "z" else {}
    patched = trace(tiny_model, OTHER_IDS, edits=[edits.patch(pair.clean, site, 1, positions=[2], **where)])
    plain = trace(tiny_model, OTHER_IDS)
    places = [("resid_pre", 0), ("resid_mid", 0), ("resid_pre", 1), ("resid_mid", 1), ("resid_post", 1)]
    assert reach.changes.shape == reach.answers.shape == reach.possible.shape == (len(places), T)
    for row, (name, layer) in enumerate(places):
        close(reach.changes[row], (patched[name, layer] - plain[name, layer]).norm(dim=-1), atol=1e-5, rtol=1e-5)
        both = [logit_lens(one, tiny_model, layer, name) for one in (patched, plain)]
        moved = [logits[:, 5] - logits[:, 20] for logits in both]
        close(reach.answers[row], moved[0] - moved[1], atol=1e-5, rtol=1e-5)
    assert float(reach.answers[-1, -1]) == pytest.approx(reach.patched_answer - pair.corrupted_answer, abs=1e-5)


def test_answers_are_each_runs_likeliest_and_where_they_agree_the_clean_runs_first_two(tiny_model):
    pair = patching(tiny_model, TINY_IDS, UNLIKE_IDS)
    assert pair.answer == tuple(int(trace(tiny_model, ids)["logits"][-1].argmax()) for ids in (TINY_IDS, UNLIKE_IDS))
    assert pair.clean_answer > 0 > pair.corrupted_answer
    alike = patching(tiny_model, TINY_IDS, TINY_IDS)
    assert alike.answer == tuple(alike.clean["logits"][-1].topk(2).indices.tolist())


def test_another_position_is_answered_as_if_the_text_ended_there(tiny_model):
    pair = patching(tiny_model, TINY_IDS, OTHER_IDS, (5, 20), position=4)
    shorter = patching(tiny_model, TINY_IDS[:5], OTHER_IDS[:5], (5, 20))
    for site in STREAM_SITES:
        close(grid(tiny_model, pair, site)[:, :5], grid(tiny_model, shorter, site), atol=1e-5, rtol=1e-5)


def test_few_rows_at_once_make_the_same_grid(tiny_model, pair, monkeypatch):
    whole = grid(tiny_model, pair, "attn_out")
    monkeypatch.setattr("gpt2core.patching.MOST_ROWS_AT_ONCE", 2 * T)
    close(grid(tiny_model, pair, "attn_out"), whole, atol=1e-5, rtol=1e-5)


def test_one_token_can_be_patched(tiny_model):
    pair = patching(tiny_model, [3], [4])
    close(pair.score(grid(tiny_model, pair, "resid_pre")), torch.ones(2, 1), atol=1e-4, rtol=0)


def test_a_longer_text_is_more_work():
    assert patching_work(TINY, 8, "resid_pre") > 2 * patching_work(TINY, 4, "resid_pre")
    assert patching_work(TINY, 8, "z") < patching_work(TINY, 8, "resid_pre")


def test_what_cannot_be_patched_is_refused(tiny_model, pair):
    with pytest.raises(InvalidSetting, match="clean text has 7 tokens and the corrupted one 6"):
        patching(tiny_model, TINY_IDS, TINY_IDS[:6])
    with pytest.raises(InvalidSetting, match="Both answers are the token 5"):
        patching(tiny_model, TINY_IDS, OTHER_IDS, (5, 5))
    with pytest.raises(TokenOutOfRange):
        patching(tiny_model, TINY_IDS, OTHER_IDS, (5, 50))
    with pytest.raises(InvalidSetting, match="no position 7"):
        patching(tiny_model, TINY_IDS, OTHER_IDS, position=7)
    with pytest.raises(InvalidSetting, match="An edit of the logits"):
        patching(tiny_model, TINY_IDS, OTHER_IDS, edits=[Edit("x", ("logits",), None, lambda value, here: value)])
    with pytest.raises(InvalidSetting, match="no patching at 'scores'"):
        patched_rows(tiny_model, pair, "scores")
    with pytest.raises(InvalidSetting, match="There is no layer 2"):
        patched_rows(tiny_model, pair, "z", layers=[2])
    with pytest.raises(InvalidSetting, match="no position 7"):
        patched_rows(tiny_model, pair, "z", at=7)
    with pytest.raises(InvalidSetting, match="There is no place 3 of z; they are 0 to 2"):
        patch_reach(tiny_model, pair, "z", 0, place=3)
