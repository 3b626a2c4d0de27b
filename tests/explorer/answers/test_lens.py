"""What the Block tab's lens says of a run, and what it refuses."""

from __future__ import annotations

import math

import pytest
import torch

from explorer.answers import lens
from explorer.store.services import DEFAULT_MODEL
from gpt2core import trace
from gpt2core.analysis import logit_lens
from gpt2core.errors import InvalidSetting


def test_the_grid_shows_gpt2cores_lens_and_its_first_guesses(services, run):
    model = services.models.get(run.model).model
    seen = trace(model, run.token_ids)
    picture = lens.picture_of(services, run, "share")
    shares = logit_lens(seen, model, 1, "resid_mid").softmax(-1)
    torch.testing.assert_close(picture.values[3], shares.max(-1).values)
    assert picture.first[3 * 4 : 4 * 4] == shares.argmax(-1).tolist()
    assert lens.place_names(model.config) == [
        "embedding", "attn 0", "mlp 0", "attn 1", "mlp 1",
    ]  # fmt: skip


def test_ranks_are_empty_after_the_last_token_and_divergences_end_at_zero(services, run):
    ranks = lens.picture_of(services, run, "rank").values
    assert ranks[:, -1].isnan().all()
    assert ranks[:, :-1].min() >= 1
    assert lens.picture_of(services, run, "kl").values[-1].max() < 1e-5


def test_what_would_take_too_long_is_left_empty_and_said(services, run, monkeypatch):
    config = services.models.get(run.model).model.config
    monkeypatch.setattr(lens, "MOST_WORK", 2.5 * 5 * config.vocab_size * config.emb_dim)
    picture = lens.picture_of(services, run, "share")
    assert picture.values[:, :2].isnan().all()
    assert not picture.values[:, 2:].isnan().any()
    assert picture.texts[:2] == ["", ""]
    assert "The last 2 of 4 tokens are computed" in lens.summary_of(services, run, 1)


def test_the_summary_names_the_place_from_which_the_guess_stays(services, run):
    picture = lens.picture_of(services, run, "share")
    guesses = torch.tensor(picture.first).view(5, 4)[:, 2].tolist()
    settled = next(place for place in range(5) if set(guesses[place:]) == {guesses[-1]})
    names = ["after embedding", "after attention 0", "after MLP 0", "after attention 1", "after MLP 1"]
    assert f"first guess {names[settled]} and from" in lens.summary_of(services, run, 2)


def test_the_summary_warns_where_a_change_makes_the_lens_misleading(services):
    norm = services.read("abcd", DEFAULT_MODEL, "norm")
    assert "not the model’s answer" in lens.summary_of(services, norm, 1)
    assert "foretells nothing" in lens.summary_of(services, services.read("abcd", DEFAULT_MODEL, "mask"), 1)


def test_a_single_token_is_read_too(services):
    one = services.read("a", DEFAULT_MODEL)
    assert lens.picture_of(services, one, "rank").values.isnan().all()
    assert all(math.isfinite(share) for tops in lens.tops_of(services, one, 0) for top in tops for share in top.shares)
    assert "answer is" in lens.summary_of(services, one, 0)
    assert len(lens.curves_of(services, one, 0, "", "")) == 3


def test_the_three_lists_are_the_places_around_a_layer(services, run):
    before, between, after = (tops[1] for tops in lens.tops_of(services, run, 2))
    assert (before.kind, before.layer) == ("guess", 0)
    assert (between.kind, between.layer) == ("guess_mid", 1)
    assert (after.kind, after.layer) == ("guess", 1)
    assert lens.tops_of(services, run, 2)[0][0].layer is None
    logits = trace(services.models.get(run.model).model, run.token_ids)["logits"][2]
    assert after.shares == pytest.approx(logits.softmax(-1).topk(10).values.tolist(), abs=1e-6)


def test_a_token_of_a_list_is_pinned_by_a_name_that_reads_back_as_it(services, run):
    tokenizer, n = services.models.tokenizer(run.model), services.models.get(run.model).model.config.vocab_size
    top = lens.tops_of(services, run, 2, "")[2][1]
    for token, (names, pinned) in zip(top.tokens, top.pins, strict=True):
        assert names[-1] == f"#{token.token_id}"
        assert all(lens.pinned_ids(name, tokenizer, n) == [token.token_id] for name in names)
        assert not pinned
    first, second = top.tokens[0], top.tokens[1]
    named = f"{top.pins[0][0][0]} #{second.token_id}"
    now = lens.tops_of(services, run, 2, named)[2][1]
    assert [pinned for _, pinned in now.pins] == [token in (first, second) for token in top.tokens]
    refused = lens.tops_of(services, run, 2, f"{named} ·nosuchtokenhere")[2][1]  # the curves say what is wrong with it
    assert not any(pinned for _, pinned in refused.pins)


def test_pinned_tokens_and_positions_have_their_curves(services, run):
    found = lens.curves_of(services, run, 3, "a #98", "0, 1")
    assert [(one.token.token_id, one.position) for one in found] == [
        (64, 3), (98, 3), (64, 0), (98, 0), (64, 1), (98, 1),
    ]  # fmt: skip
    assert all(one.shares.shape == (5,) for one in found)


@pytest.mark.parametrize(
    ("pinned", "more", "told"),
    [
        ("qqqq", "", "is 4 tokens here"),
        ("#300", "", "ids run from 0 to 299"),
        ("a b c d e f g", "", "at most 6"),
        (3, "", "at most 200 characters"),
        ("", "4", "whole numbers from 0 to 3"),
        ("", "-1", "whole numbers from 0 to 3"),
        ("", "0 1 2 3 0", "at most 4"),
        ("", None, "whole numbers"),
    ],
)
def test_what_is_no_token_and_no_position_is_refused(services, run, pinned, more, told):
    with pytest.raises(InvalidSetting, match=told):
        lens.curves_of(services, run, 3, pinned, more)


@pytest.mark.parametrize("shown", ["", None, "size", 3])
def test_what_the_grid_cannot_be_coloured_by_is_refused(services, run, shown):
    with pytest.raises(InvalidSetting, match="share, rank or kl"):
        lens.picture_of(services, run, shown)
