"""Two patterns side by side: which run the right one is of, what differs, and what is refused."""

from __future__ import annotations

import pytest
import torch

from explorer.answers.origins import origin_of
from explorer.answers.two_patterns import (
    Chosen,
    column,
    difference_of,
    in_words,
    left_side,
    pair_table,
    right_origin,
    right_side,
    title_of,
)
from explorer.store.models import UNTRAINED
from explorer.store.services import DEFAULT_MODEL
from gpt2core import trace
from gpt2core.edits import zero_head, zero_mlp
from gpt2core.errors import InvalidSetting
from tests.explorer.answers.conftest import TEXT


def test_a_pattern_does_not_differ_from_itself(services, run):
    for layer, head in ((0, 0), (1, 2)):
        left, right = left_side(services, run, layer, head), right_side(services, run, layer, head, Chosen())
        assert (right.run, right.layer, right.head) == (run, layer, head)
        found = difference_of(left, right)
        assert found is not None
        assert not found.any()
        assert "Both sides are the same" in in_words(left, right)
        assert title_of(right, "right") == f"Right: layer {layer}, head {head}"


@pytest.mark.parametrize(
    ("page", "chosen", "edits"),
    [
        ("", Chosen(edits="head:0.1"), [zero_head(0, 1)]),
        ("mlp:0", Chosen(), [zero_mlp(0)]),
        ("mlp:0", Chosen(edits=" head:0.1 "), [zero_mlp(0), zero_head(0, 1)]),
        ("mlp:0", Chosen(changes="without"), []),
        ("mlp:0", Chosen(changes="without", edits="head:0.1"), [zero_head(0, 1)]),
    ],
)
def test_the_right_side_is_a_pass_with_the_edits_asked_for(services, page, chosen, edits):
    run = services.read("abcd", DEFAULT_MODEL, page)
    model = services.models.get(run.model).model
    left, right = left_side(services, run, 1, 2), right_side(services, run, 1, 2, chosen)
    expected = trace(model, run.token_ids, {"pattern"}, edits)["pattern", 1][2]
    torch.testing.assert_close(right.pattern, expected)
    found = difference_of(left, right)
    torch.testing.assert_close(found, expected - trace(model, run.token_ids, edits=run.pass_edits)["pattern", 1][2])


def test_another_head_is_told_by_what_changed_most_and_how_much_of_the_attention_moved(services, run):
    left, right = left_side(services, run, 0, 1), right_side(services, run, 0, 1, Chosen(layer="1", head=2))
    found = difference_of(left, right)
    query, key = divmod(int(found.abs().argmax()), 4)
    told = in_words(left, right)
    assert (
        f"({query}) looks {abs(float(found[query, key])):.2f} {'more' if found[query, key] > 0 else 'less'} at" in told
    )
    moved = 100 * float(found.clamp_min(0).sum(-1).mean())  # what is gained is what is lost
    assert float(told.split("On average ")[1].split(" %")[0]) == pytest.approx(moved, rel=1e-2)


def test_another_model_reads_without_the_page_s_edits_and_the_drawer_knows_it(three_models):
    run = three_models.read(TEXT, DEFAULT_MODEL, "mlp:0")
    right = right_side(three_models, run, 1, 2, Chosen(model="other"))
    assert right.run == three_models.read(TEXT, "other")
    assert right_origin(run, right) == ("other", "")
    told = origin_of(three_models, run, {**right.place((1, 0)), "model": "other"})
    assert float(told["value"]) == pytest.approx(float(right.pattern[1, 0]), abs=1e-6)
    assert "other" in title_of(right, "right")
    # the page's own sentence without its edits is what the drawer calls the model as it is
    plain = right_side(three_models, run, 1, 2, Chosen(changes="without"))
    assert right_origin(run, plain) == (DEFAULT_MODEL, "")
    told = origin_of(three_models, run, {**plain.place((1, 0)), "model": DEFAULT_MODEL})
    assert float(told["value"]) == pytest.approx(float(plain.pattern[1, 0]), abs=1e-6)
    assert "without the page’s changes" in title_of(plain, "right")
    for chosen in (
        Chosen(text="another", changes="without"),
        Chosen(edits="head:0.1"),
        Chosen(model="other", edits="mlp:1"),
    ):
        named, why = right_origin(run, right_side(three_models, run, 1, 2, chosen))
        assert named is None
        assert "cannot tell" in why


def test_sentences_of_other_lengths_stand_alone(services, run):
    left, right = left_side(services, run, 0, 0), right_side(services, run, 0, 0, Chosen(text="xy"))
    assert difference_of(left, right) is None
    assert "has 4 tokens, the right one 2" in in_words(left, right)
    table = pair_table(left, right)
    assert len(table) == 10
    assert table[column("difference")].isna().all()
    assert table[column("right")].notna().sum() == 3
    assert "“xy”" in title_of(right, "right")


def test_the_table_holds_both_patterns_and_their_difference_for_every_pair(services, run):
    left, right = left_side(services, run, 0, 0), right_side(services, run, 0, 0, Chosen(text="abce", head="1"))
    table = pair_table(left, right)
    for row in table.to_dict("records"):
        at = row[column("query")], row[column("key")]
        assert at[1] <= at[0]
        assert row[column("left")] == float(left.pattern[at])
        assert row[column("difference")] == pytest.approx(float(right.pattern[at] - left.pattern[at]), abs=1e-7)
    assert table[column("query_right")].iloc[-1] == "e"
    unmasked = right_side(services, run, 0, 0, Chosen(edits="mask"))
    assert not unmasked.causal
    assert len(pair_table(left, unmasked)) == 16


def test_a_lone_token_and_patterns_that_are_alike_are_said_to_be(services):
    lone = services.read("a", DEFAULT_MODEL)
    assert "lone token" in in_words(left_side(services, lone, 0, 0), right_side(services, lone, 0, 0, Chosen(head=1)))
    run = services.read("abcd", DEFAULT_MODEL)
    same = right_side(services, run, 0, 0, Chosen(edits="mlp:1"))  # what comes later changes nothing before
    assert "no weight differs by more than 0" in in_words(left_side(services, run, 0, 0), same)


@pytest.mark.parametrize(
    ("chosen", "told"),
    [
        (Chosen(layer="2"), "no layer 2; this model’s layers are 0 to 1"),
        (Chosen(head=3), "no head 3; each of its layers has heads 0 to 2"),
        (Chosen(layer="second"), "is no layer or head"),
        (Chosen(head=True), "is no layer or head"),
        (Chosen(model="nobody"), "nobody"),
        (Chosen(model=["a"]), "is no text"),
        (Chosen(text="a" * 17), "17 tokens"),
        (Chosen(edits="hed:0.1"), "no edit 'hed:0.1'"),
        (Chosen(edits="mlp:0"), "listed twice"),
        (Chosen(text="ab", edits="see:3-1"), "no query 3"),
        (Chosen(changes="undone"), "kept or left out"),
    ],
)
def test_what_cannot_be_read_is_refused_in_a_sentence_that_names_the_side(services, chosen, told):
    run = services.read("abcd", DEFAULT_MODEL, "mlp:0")
    with pytest.raises(InvalidSetting, match="Right side: ") as refusal:
        right_side(services, run, 1, 2, chosen)
    assert told in str(refusal.value)
    assert left_side(services, run, 1, 2).pattern.shape == (4, 4)  # the rest stays


def test_the_untrained_twin_can_stand_on_the_right(services, run):
    right = right_side(services, run, 1, 2, Chosen(model=UNTRAINED))
    assert difference_of(left_side(services, run, 1, 2), right).abs().max() > 0
