"""All heads switched off in turn: what is found, kept, gone on with, and said."""

from __future__ import annotations

import math

import pytest
import torch

from explorer.answers import all_heads
from explorer.answers.all_heads import all_heads_of, all_heads_table, in_words, switched_in_turn, told_of
from explorer.answers.head_effect import asked_of, effect_of, judged
from explorer.catalogue import catalogue
from explorer.store.services import DEFAULT_MODEL
from explorer.widgets.head_plane import plane_value

say = catalogue("all_heads")


def searched(services, run, token, asked):
    *_, last = switched_in_turn(services, run, token, asked)
    assert last.over
    return last


@pytest.mark.parametrize("edits", ["", "mlp:1", "see:3-0"])
@pytest.mark.parametrize("boxes", [("a", "b"), ("#98", ""), ("", "")])
def test_every_head_is_told_what_a_pass_without_it_says(services, edits, boxes):
    run = services.read("abcd", DEFAULT_MODEL, edits)
    asked = asked_of(services, run, 2, *boxes)
    assert "6 heads switched off" in searched(services, run, 2, asked).told
    found = all_heads_of(services, run, 2, asked)
    for layer in range(2):
        for head in range(3):
            one = effect_of(services, run, 2, layer, head, asked)
            assert float(found.influences[layer, head]) == pytest.approx(one.missing, abs=1e-4)
            assert float(found.attributions[layer, head]) == pytest.approx(one.direct, abs=1e-4)
            kind = judged(float(found.attributions[layer, head]), float(found.influences[layer, head]))
            assert found.judgements[layer][head] == kind
            assert say(f"kind_{kind}") in told_of(found, layer, head)
    assert found.limit >= max(float(found.attributions.abs().max()), float(found.influences.abs().max()))
    assert len(all_heads_table(found)) == 6
    assert "Of 6 heads" in in_words(found)


def test_nothing_is_known_before_and_what_is_known_is_of_one_token_and_answer(services):
    run = services.read("dcba", DEFAULT_MODEL)
    asked, other = asked_of(services, run, 3, "a", "b"), asked_of(services, run, 3, "a", "")
    before = all_heads_of(services, run, 3, asked)
    assert before.influences.isnan().all()
    assert not before.attributions.isnan().any()
    assert "Most missed" not in in_words(before)
    assert "null, null, null" in plane_value(before, "")["table"]
    searched(services, run, 3, asked)
    assert all_heads_of(services, run, 3, asked).n_known == 6
    assert all_heads_of(services, run, 3, other).n_known == 0
    assert all_heads_of(services, run, 2, asked).n_known == 0
    assert "null" not in plane_value(all_heads_of(services, run, 3, asked), "")["table"]


def test_what_was_stopped_goes_on_where_it_was(services, monkeypatch):
    run = services.read("bbcc", DEFAULT_MODEL)
    asked = asked_of(services, run, 3, "a", "b")
    monkeypatch.setattr(all_heads, "SECONDS_BETWEEN_UPDATES", 0.0)
    going = switched_in_turn(services, run, 3, asked)
    assert [next(going).done for _ in range(3)] == [0, 1, 2]
    going.close()
    kept = all_heads_of(services, run, 3, asked).influences
    assert int((~kept.isnan()).sum()) == 2
    assert [now.done for now in switched_in_turn(services, run, 3, asked)] == [2, 3, 4, 5, 6]
    whole = all_heads_of(services, run, 3, asked).influences
    torch.testing.assert_close(whole[~kept.isnan()], kept[~kept.isnan()])
    assert [now.done for now in switched_in_turn(services, run, 3, asked)] == [6, 6]  # nothing is left to do


def test_what_takes_too_long_stops_and_says_so(services, monkeypatch):
    run = services.read("ccbb", DEFAULT_MODEL)
    asked = asked_of(services, run, 3, "a", "b")
    monkeypatch.setattr(all_heads, "MAX_SECONDS", -1.0)
    last = searched(services, run, 3, asked)
    assert "1 of 6 heads" in last.told
    assert all_heads_of(services, run, 3, asked).n_known == 1


def test_heads_that_write_nothing_of_their_own_have_no_influence(services):
    run = services.read("abcd", DEFAULT_MODEL, "head:0.1,mean-attention:1")
    asked = asked_of(services, run, 3, "a", "b")
    assert "2 heads switched off" in searched(services, run, 3, asked).told
    found = all_heads_of(services, run, 3, asked)
    assert found.influences.isnan().tolist() == [[False, True, False], [True] * 3]
    assert found.judgements == [[found.judgements[0][0], "", found.judgements[0][2]], [""] * 3]
    assert "nothing of its own" in told_of(found, 0, 1)
    assert sum(value is None or math.isnan(value) for value in all_heads_table(found).iloc[:, 3]) == 4
    silent = services.read("abcd", DEFAULT_MODEL, "attention:0,attention:1")
    assert "No head here writes" in searched(services, silent, 3, asked).told
