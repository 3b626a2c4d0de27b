"""The ranking of parts in words and numbers, as it grows."""

from __future__ import annotations

from dataclasses import replace

import pytest

from explorer.answers import pace, ranking
from explorer.answers.ranking import checked_how, ranked, ranked_rows, summary_sentence
from explorer.store.services import DEFAULT_MODEL
from explorer.wording.numbers import fixed, percent, signed
from gpt2core.errors import InvalidSetting, NotFinite
from gpt2core.ranking import ablation_costs
from tests.explorer.conftest import CONFIG

N_PARTS = CONFIG.n_layers * (CONFIG.n_heads + 1)


def costs_of(services, run, **more):
    return list(ablation_costs(services.models.get(DEFAULT_MODEL).model, run.token_ids, **more))


def last(services, run, *args):
    *_, found = ranked(services, run, *args)
    return found


def in_a_sentence(row):
    return row.label if row.head is not None else f"the {row.label}"


def test_every_part_is_ranked_by_what_the_loss_rises(services, run):
    found = last(services, run)
    dearest = sorted(costs_of(services, run), key=lambda one: -one.rise)
    assert (found.done, found.all, found.over, found.by) == (N_PARTS, N_PARTS, True, "loss")
    assert [(row.layer, row.head) for row in found.rows] == [(one.layer, one.head) for one in dearest]
    assert [row.cost for row in found.rows] == [one.rise for one in dearest]
    for row, one in zip(found.rows, dearest, strict=True):
        assert (row.loss, row.rise, row.share) == (fixed(one.loss, 3), signed(one.rise, 3), percent(one.share))
        assert row.guess.token_id == one.guess
    assert "All 8 heads and MLPs" in found.told


def test_each_part_has_its_name_and_its_edit(services, run):
    named = {row.edit: row.label for row in last(services, run).rows}
    assert len(named) == N_PARTS
    assert named["head:1.2"] == "head 2 of layer 1"
    assert named["mlp:0"] == "MLP of layer 0"
    means = last(services, run, "mean")
    assert {"mean-head:0.0", "mean-mlp:1"} <= {row.edit for row in means.rows}


def test_the_list_grows_and_says_how_far_it_is(services, run, monkeypatch):
    monkeypatch.setattr(ranking, "SECONDS_BETWEEN_UPDATES", 0.0)
    states = list(ranked(services, run))
    assert [state.done for state in states] == list(range(N_PARTS + 1))
    assert states[3].told == "3 of 8 parts switched off."
    assert [state.over for state in states] == [False] * N_PARTS + [True]
    for state in states:
        assert len(state.rows) == state.done
        assert [row.cost for row in state.rows] == sorted((row.cost for row in state.rows), reverse=True)


def test_the_summary_names_the_dearest_part(services, run):
    found, costs = last(services, run), costs_of(services, run)
    most = max(costs, key=lambda one: one.rise)
    label = in_a_sentence(found.rows[0])
    before, after = fixed(most.loss_before, 2), fixed(most.loss, 2)
    expected = f"Without {label} the loss rises most, from {before} to {after} nats."
    assert found.summary.startswith(expected)
    n_better = sum(one.rise < 0 for one in costs)
    assert (f"Without {n_better} of 8" in found.summary) is (n_better > 0)
    assert before in found.before
    assert percent(most.share_before) in found.before


def test_where_nothing_costs_anything_that_is_said(services, run):
    cheap = [replace(one, loss=one.loss_before - 0.25) for one in costs_of(services, run)]
    assert summary_sentence(cheap).startswith("No part costs anything on this sentence")
    assert "Without 8 of 8" in summary_sentence(cheap)


@pytest.mark.parametrize(("text", "how"), [("a", "zero"), ("abcd", "mean")])
def test_without_a_loss_what_comes_next_is_ranked_by(services, text, how):
    run = services.read(text, DEFAULT_MODEL)
    found = last(services, run, how)
    dearest = sorted(costs_of(services, run, how=how), key=lambda one: -one.kl)
    assert found.by == "kl"
    assert [row.cost for row in found.rows] == [one.kl for one in dearest]
    assert {row.loss for row in found.rows} == {row.rise for row in found.rows} == {""}
    assert found.summary == (
        f"Switching off {in_a_sentence(found.rows[0])} changes most: what may come next moves by {fixed(dearest[0].kl, 3)} nats."
    )
    assert ("loss" in found.before) is (text == "abcd")
    assert ("A single token has no loss" in found.told) is (text == "a")
    assert ("no loss would be honest" in found.told) is (text == "abcd")


def test_the_changed_model_is_the_one_whose_parts_are_switched_off(services):
    run = services.read("abcd", DEFAULT_MODEL, "head:0.1,norm")
    found = last(services, run)
    expected = {(one.layer, one.head): one.rise for one in costs_of(services, run, edits=run.pass_edits)}
    assert {(row.layer, row.head): row.cost for row in found.rows} == {
        part: rise
        for part, rise in expected.items()
        if part != (0, 1)  # off already
    }


def test_with_every_part_off_there_is_nothing_to_rank(services, monkeypatch):
    run = services.read("abcd", DEFAULT_MODEL, "head:0.0")
    monkeypatch.setattr(ranking, "all_parts", lambda config: [(0, 0)])
    assert last(services, run).told.startswith("Every head and every MLP is switched off already")


def test_a_part_without_numbers_comes_last_and_says_why(services, run):
    costs = costs_of(services, run)
    none = {"loss": None, "share": None, "guess": None, "kl": None, "refusal": NotFinite("no")}
    broken = [replace(costs[0], **none), *costs[1:]]
    rows = ranked_rows(broken, services.models.tokenizer(DEFAULT_MODEL))
    assert (rows[-1].edit, rows[-1].cost, rows[-1].refusal) == ("head:0.0", None, "Without it the numbers overflow.")
    assert summary_sentence([broken[0]]) == "Whatever is switched off, the numbers overflow."
    assert rows[0].refusal == ""


def test_the_next_token_is_that_of_the_cursor(services, run):
    assert last(services, run, "zero", 1).rows != last(services, run, "zero", 3).rows


def test_a_ranking_that_takes_too_long_shows_what_it_has_and_says_so(services, run, monkeypatch):
    clock = iter(range(0, 100_000, 50))
    monkeypatch.setattr(pace.time, "monotonic", lambda: float(next(clock)))
    found = last(services, run)
    assert 0 < found.done < N_PARTS
    assert found.over
    assert f"{found.done} of 8 parts" in found.told


def test_how_a_part_is_switched_off_is_checked():
    assert checked_how("mean") == "mean"
    for wrong in ("half", None, 3, ["zero"]):
        with pytest.raises(InvalidSetting, match="choose zero or mean"):
            checked_how(wrong)
