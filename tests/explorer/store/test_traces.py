"""The store of traces: one pass for equal questions, sites added to what is there, bytes bounded, edits part of the key."""

from __future__ import annotations

import threading
import time

import pytest
import torch

from explorer.store import traces
from explorer.store.services import DEFAULT_MODEL
from explorer.store.traces import TraceStore
from gpt2core import trace
from gpt2core.edits import zero_head
from gpt2core.errors import InvalidEdit


@pytest.fixture
def passes(monkeypatch) -> list[frozenset[str]]:
    """The sites of every pass that is made from now on."""
    made: list[frozenset[str]] = []

    def slowly(model, token_ids, sites, edits=()):
        made.append(frozenset(sites))
        time.sleep(0.05)  # lets the other threads ask meanwhile
        return trace(model, token_ids, sites, edits)

    monkeypatch.setattr(traces, "trace", slowly)
    return made


def test_equal_questions_at_the_same_time_cost_one_pass(services, passes):
    store, run = TraceStore(services.models), services.read("abc", DEFAULT_MODEL)
    answers: list[object] = []
    asking = [threading.Thread(target=lambda: answers.append(store.get(run, {"pattern"}))) for _ in range(8)]
    for thread in asking:
        thread.start()
    for thread in asking:
        thread.join()
    assert passes == [frozenset({"pattern"})]
    assert len(answers) == 8
    assert all(answer is answers[0] for answer in answers)


def test_sites_are_added_to_what_is_there(services, passes):
    store, run = TraceStore(services.models), services.read("abc", DEFAULT_MODEL)
    store.get(run, {"pattern"})
    both = store.get(run, {"pattern", "logits"})
    assert passes == [frozenset({"pattern"}), frozenset({"logits"})]
    whole = trace(services.models.get(DEFAULT_MODEL).model, run.token_ids, {"pattern", "logits"})
    for key in whole:
        torch.testing.assert_close(both[key], whole[key], rtol=0, atol=0)
    assert store.get(run, {"logits"}) is both


def test_edits_are_part_of_the_run(services):
    plain = services.read("abc", DEFAULT_MODEL)
    edited = services.read("abc", DEFAULT_MODEL, " head:1.2 ")
    assert edited.edits_text == "head:1.2"
    assert services.run(edited.to_json()) == edited
    assert plain != edited
    reference = trace(services.models.get(DEFAULT_MODEL).model, plain.token_ids, {"logits"}, [zero_head(1, 2)])
    torch.testing.assert_close(services.traces.get(edited, {"logits"})["logits"], reference["logits"], rtol=0, atol=0)
    before = services.traces.get(plain, {"logits"})["logits"]
    assert not torch.equal(before, reference["logits"])


def test_the_order_of_edits_makes_no_other_run(services):
    assert services.read("abc", DEFAULT_MODEL, "mlp:1,head:0.1") == services.read(
        "abc", DEFAULT_MODEL, "head:0.1, mlp:1"
    )


@pytest.mark.parametrize(
    "edits",
    [
        "head:2.0",
        "head:0.3",
        "see:5-1",
        "wings",
        "head:-1.0",
        ",",
        "mask,mask",
        ",".join(f"see:2-{key}" for key in range(3)),
        3,
        None,
        ["mask"],
    ],
)
def test_edits_that_have_no_place_are_refused(services, edits):
    with pytest.raises(InvalidEdit):
        services.read("abc", DEFAULT_MODEL, edits)


def test_bytes_are_bounded_and_the_last_asked_for_stays(services):
    runs = [services.read(text, DEFAULT_MODEL) for text in ("a", "b", "c", "d")]
    size = services.traces.get(runs[0], {"logits"}).nbytes
    store = TraceStore(services.models, max_bytes=2 * size)
    for run in runs:
        store.get(run, {"logits"})
        assert store.nbytes <= 2 * size
    last = store.get(runs[-1], {"logits"})
    assert store.get(runs[-1], {"logits"}) is last


def test_a_pass_that_fails_leaves_nothing_behind(services, monkeypatch):
    def fail(*_):
        raise InvalidEdit("no")

    store, run = TraceStore(services.models), services.read("abc", DEFAULT_MODEL)
    with monkeypatch.context() as patched:
        patched.setattr(traces, "trace", fail)
        with pytest.raises(InvalidEdit):
            store.get(run, {"logits"})
    assert store.nbytes == 0
    assert store.get(run, {"logits"})["logits"].shape == (3, 300)


def test_what_edits_put_aside_is_joined_like_what_is_recorded(services):
    store, run = TraceStore(services.models), services.read("abc", DEFAULT_MODEL, "head:0.1,mlp:1")
    store.get(run, {"z"})
    assert set(store.get(run, {"mlp_out"}).replaced) == {("z", 0), ("mlp_out", 1)}
