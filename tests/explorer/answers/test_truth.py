"""The laws in words: what holds, what is broken, and what a changed model is not asked for."""

from __future__ import annotations

import math
from dataclasses import replace
from types import MappingProxyType

import pytest

from explorer.answers.truth import told, truth_of
from explorer.store.services import DEFAULT_MODEL
from explorer.wording.numbers import scientific
from gpt2core import trace
from gpt2core.identities import NAMES, check_identities


def rows_of(truth):
    return {row.name: row for row in truth.rows}


def model_of(services):
    return services.models.get(DEFAULT_MODEL).model


def test_every_law_is_told_with_the_distance_that_was_found(services, run):
    truth = truth_of(services, run)
    found = check_identities(trace(model_of(services), run.token_ids), model_of(services))
    assert tuple(rows_of(truth)) == NAMES
    for row, one in zip(truth.rows, found, strict=True):
        assert (row.residual, row.bound, row.ok, row.note) == (
            scientific(one.residual),
            scientific(one.bound),
            True,
            "",
        )
    assert truth.ok
    assert truth.summary == f"All 11 laws hold, over {sum(one.n for one in found):,} numbers compared."
    assert len({row.sentence for row in truth.rows}) == len(NAMES)


def test_a_broken_law_is_named(services, run):
    seen = trace(model_of(services), run.token_ids)
    values = {**seen.values, ("attn_out", 0): seen["attn_out", 0] + 1}
    truth = told(check_identities(replace(seen, values=MappingProxyType(values)), model_of(services)))
    rows = rows_of(truth)
    assert not truth.ok
    assert [name for name, row in rows.items() if row.ok is False] == ["stream", "written"]
    assert truth.summary.startswith("2 of 11 laws are broken")
    assert truth.summary.endswith(f"{rows['stream'].sentence} {rows['written'].sentence}")


def test_what_is_no_number_is_said_to_be_none(services, run):
    seen = trace(model_of(services), run.token_ids)
    values = {**seen.values, ("embed", None): seen["embed"] * math.nan}
    row = rows_of(told(check_identities(replace(seen, values=MappingProxyType(values)), model_of(services))))["embed"]
    assert (row.residual, row.ok) == ("no number", False)


@pytest.mark.parametrize(
    ("edits", "name", "ok", "note"),
    [
        ("head:0.1", "fused", None, "Not compared: the fast way knows no changes such as head:0.1."),
        ("head:0.1", "logit", True, ""),
        ("mask", "future", None, "Not expected: mask puts in numbers of its own."),
        ("residual:1", "stream", True, "Left out where residual:1 puts in numbers of its own."),
        ("norm,scale", "norm_mean", None, "Not expected: norm puts in numbers of its own."),
    ],
)
def test_what_a_change_breaks_by_itself_is_no_fault(services, edits, name, ok, note):
    truth = truth_of(services, services.read("abcd", DEFAULT_MODEL, edits))
    assert (rows_of(truth)[name].ok, rows_of(truth)[name].note) == (ok, note)
    assert truth.ok
    n_left_out = sum(row.note != "" for row in truth.rows)
    assert f"numbers of their own into {n_left_out}" in truth.summary


def test_a_single_token_has_no_future(services):
    row = rows_of(truth_of(services, services.read("a", DEFAULT_MODEL)))["future"]
    assert (row.residual, row.bound, row.ok) == ("", "", None)
    assert row.note == "A single token has nothing to compare here."
