"""The pair that is patched, its grid, what is said of it, and the lines of Python that say the same."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest
import torch

from explorer.answers import patching
from explorer.answers.patching import (
    SITES,
    changed_sentences,
    grids,
    longest,
    pair_for,
    pair_in_words,
    place_in_words,
    position_of,
    python_of,
    reach_of,
    score_in_words,
)
from explorer.catalogue import catalogue
from explorer.store.services import CHECKPOINTS, DEFAULT_MODEL, Services
from gpt2core import GPT_CONFIG_124M
from gpt2core.errors import InvalidSetting
from gpt2core.notation import read_edits

EXAMPLE = catalogue("page")("example")


@pytest.fixture(scope="module")
def shipped() -> Services:
    return Services(CHECKPOINTS)


@pytest.fixture(scope="module")
def example(shipped):
    return shipped.read(EXAMPLE, "tinystories")


def last(services, run, pair, site, at=""):
    *_, now = grids(services, run, pair, site, at)
    assert now.over
    return now


def test_the_example_is_corrupted_by_one_word_so_that_the_model_answers_otherwise(shipped, example):
    pair = pair_for(shipped, example, "", "")
    assert pair.is_made
    apart = [one != other for one, other in zip(example.token_ids, pair.other.token_ids, strict=True)]
    assert sum(apart) == 1
    assert pair.runs.clean_answer > 0 > pair.runs.corrupted_answer
    scores = last(shipped, example, pair, "resid_pre").values
    where = apart.index(True)
    assert scores[0].tolist() == pytest.approx([float(one) for one in apart], abs=1e-3)
    assert float(scores[-1, -1]) > 0.3 > float(scores[-1, :where].abs().max())  # the answer has moved to the last token
    assert "“·gift” → “·card” at 9" in pair_in_words(shipped, example, pair)


def test_a_sentence_patched_with_itself_moves_nothing_and_the_page_says_so(services, run):
    pair = pair_for(services, run, run.text, "")
    for site in SITES:
        now = last(services, run, pair, site)
        assert not now.is_score
        assert float(now.values.abs().max()) == 0
        assert "nothing to bring back" in now.told
    assert "same tokens" in pair_in_words(services, run, pair)
    found = reach_of(services, run, pair, "z", "", 0, 0, 1)
    assert "moves by +0.000" in score_in_words(pair, found.patched_answer)


@pytest.mark.parametrize(
    "text", ["The cat sat on the mat", "One day, Lily and Tom found a gift in the garden. Lily saw a"]
)
def test_nor_does_it_in_the_model_that_ships_whatever_float32_makes_of_its_sums(shipped, text):
    run = shipped.read(text, DEFAULT_MODEL)
    pair = pair_for(shipped, run, text, "")
    for site in SITES:
        assert float(last(shipped, run, pair, site).values.abs().max()) == 0


def test_the_formula_holds_the_numbers_of_the_cell(services, run):
    pair = pair_for(services, run, "abxd", "")
    for site, at, place in (("mlp_out", "", 2), ("z", "", 1), ("z", "2", 1)):
        cell = float(last(services, run, pair, site, at).values[1, place])
        found = reach_of(services, run, pair, site, at, 2, 1, 1)
        runs = pair.runs
        score = (found.patched_answer - runs.corrupted_answer) / (runs.clean_answer - runs.corrupted_answer)
        assert score == pytest.approx(cell, abs=2e-5)
        assert f"= {score:.2f} of the answer".replace("-", "−") in score_in_words(pair, found.patched_answer)
    assert "head 1 of layer 1 at “c” (2)" in place_in_words(services, run, "z", "2", 0, 1, 1)
    assert "every token" in place_in_words(services, run, "z", "", 0, 1, 1)


@pytest.mark.parametrize(
    ("edits", "where"),
    [
        ("", ("resid_mid", "", 9, 2, 0)),
        ("head:1.2,mean-mlp:3,neuron:0.5", ("z", "9", 0, 4, 3)),
        ("", ("z", "", 0, 5, 1)),
    ],
)
def test_the_lines_of_python_print_the_cell_in_a_process_of_their_own(shipped, example, edits, where):
    run = replace(example, edits=read_edits(edits))
    pair = pair_for(shipped, run, "", "")
    site, at, position, layer, head = where
    lines = python_of(shipped, run, pair, *where)
    assert len(lines.splitlines()) <= 15
    printed = subprocess.run([sys.executable, "-c", lines], capture_output=True, text=True, check=True).stdout
    cell = last(shipped, run, pair, site, at).values[layer, head if site == "z" else position]
    assert float(printed) == pytest.approx(float(cell), abs=1e-4)


def test_a_model_that_lives_in_the_page_only_has_no_lines(shipped):
    run = shipped.read(EXAMPLE, "untrained")
    assert python_of(shipped, run, pair_for(shipped, run, "", ""), "z", "", 0, 0, 0) == ""


def test_sentences_of_another_length_are_refused_with_both_lengths(services, run):
    with pytest.raises(InvalidSetting, match=r"clean sentence has 4 tokens and the corrupted one 3\. Change words"):
        pair_for(services, run, "abc", "")


def test_a_sentence_without_a_word_that_we_can_change_asks_for_another(services, run):
    with pytest.raises(InvalidSetting, match="Type a corrupted sentence of 4 tokens yourself"):
        pair_for(services, run, "", "")


def test_every_appearance_of_a_word_is_changed_and_no_part_of_one():
    assert "The cat saw a cat in a dogma" in list(changed_sentences("The dog saw a dog in a dogma"))


def test_two_answers_may_be_named_and_no_other_number(services, run):
    pair = pair_for(services, run, "abxd", "e #7")
    assert [label.token_id for label in pair.answers] == [services.models.tokenizer("tinystories").encode("e")[0], 7]
    for given in ("e", "e f g", "e e"):
        with pytest.raises(InvalidSetting, match="two are compared"):
            pair_for(services, run, "abxd", given)


@pytest.mark.parametrize("at", ["4", "-1", "x", "1.0", None, 3])
def test_heads_are_patched_at_a_position_that_is_there(at):
    assert position_of(" ", 4) is None
    assert position_of("3", 4) == 3
    with pytest.raises(InvalidSetting, match="one position, 0 to 3"):
        position_of(at, 4)


def test_a_site_that_is_none_is_refused(services, run):
    pair = pair_for(services, run, "abxd", "")
    for site in ("scores", None, ["z"]):
        with pytest.raises(InvalidSetting, match="Choose one of those"):
            last(services, run, pair, site)


def test_what_would_take_too_long_is_refused_with_the_length_that_would_not(services, run, monkeypatch):
    pair = pair_for(services, run, "abxd", "")
    config = services.models.get(run.model).model.config
    monkeypatch.setattr(patching, "MOST_WORK", patching.patching_work(config, 3, "mlp_out"))
    with pytest.raises(InvalidSetting, match=r"Patching 4 tokens.*at most 3 are patched"):
        last(services, run, pair, "mlp_out")


def test_a_few_dozen_tokens_fit_into_gpt2_too():
    assert longest(GPT_CONFIG_124M, "resid_pre") >= 24


def test_every_place_of_the_stream_stands_in_one_grid(services, run):
    pair = pair_for(services, run, "abxd", "")
    whole = last(services, run, pair, "every").values
    config = services.models.get(run.model).model.config
    rows = patching.rows_of(config, "every")
    assert whole.shape == (4 * config.n_layers + 1, 4)
    assert patching.row_names(config, "every")[3:5] == ["MLP 0 writes", "before 1"]
    for values, (site, layer) in zip(whole, rows, strict=True):
        torch.testing.assert_close(values, last(services, run, pair, site).values[layer], atol=1e-5, rtol=0)
    assert patching.site_picked("every", "mlp_out") == "mlp_out"
    assert patching.site_picked("z", "mlp_out") == "z"
    for place in ("z", None, ["mlp_out"]):
        with pytest.raises(InvalidSetting, match="Choose one of those"):
            patching.site_picked("every", place)
    assert longest(config, "every") <= longest(config, "resid_pre")


def test_a_reach_is_shown_where_it_can_be_and_beside_it_the_answer_of_the_three_runs(services, run):
    pair = pair_for(services, run, "abxd", "")
    found = reach_of(services, run, pair, "attn_out", "", 2, 1, 0)
    for shown, limits in (("length", (1e-3, 1)), ("answer", (-1, 1))):
        values, (low, high) = patching.reach_values(found, shown)
        assert (~values.isnan()).tolist() == found.possible.tolist()
        assert [at for at, row in enumerate(found.possible.tolist()) if any(row)] == [3, 4]
        assert high == pytest.approx(float(values.nan_to_num().abs().max()))
        assert low == pytest.approx(limits[0] * high)
    with pytest.raises(InvalidSetting, match="length or by answer"):
        patching.reach_values(found, "size")
    values = [row["value"] for row in patching.answer_rows(pair, found.patched_answer)]
    assert values == [pair.runs.corrupted_answer, found.patched_answer, pair.runs.clean_answer]


def test_one_token_is_patched_whole(services):
    run = services.read("a", "tinystories")
    pair = pair_for(services, run, "b", "")
    torch.testing.assert_close(last(services, run, pair, "resid_pre").values, torch.ones(2, 1), atol=1e-4, rtol=0)
