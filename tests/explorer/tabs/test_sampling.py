"""What the Sampling tab hands its figure, on a random model: gpt2core's numbers."""

from __future__ import annotations

import base64

import numpy as np
import pytest
import torch

from explorer.store.services import DEFAULT_MODEL
from explorer.tabs import sampling
from explorer.widgets.vocabulary import all_labels
from gpt2core import gpt2_tokenizer
from gpt2core.errors import NotFinite


def unpacked(text: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), dtype="<f4")


def test_all_logits_of_the_position_are_sent_and_what_came_before_and_after(services):
    run = services.read("abca", DEFAULT_MODEL)
    figure = sampling.next_token_figure(services, run, 1)
    logits = services.traces.get(run, {"logits"})["logits"][1]
    np.testing.assert_array_equal(unpacked(figure["logits"]), logits.numpy())
    assert unpacked(figure["seen"]).tolist() == sorted(run.token_ids[:2])
    assert figure["next"] == run.token_ids[2]
    assert figure["position"] == 2  # the luck of generate() after two tokens


def test_a_token_seen_twice_is_weakened_once(services):
    figure = sampling.next_token_figure(services, services.read("aaaa", DEFAULT_MODEL), 3)
    assert len(unpacked(figure["seen"])) == len(set(services.read("aaaa", DEFAULT_MODEL).token_ids))


def test_after_the_last_token_nothing_came_next(services):
    run = services.read("abcd", DEFAULT_MODEL)
    figure = sampling.next_token_figure(services, run, len(run.token_ids) - 1)
    assert figure["next"] is None
    assert "the last of" in figure["heading"]


def test_logits_that_are_no_numbers_are_refused(services, monkeypatch):
    run = services.read("abcd", DEFAULT_MODEL)
    monkeypatch.setattr(services.traces, "get", lambda *_: {"logits": torch.full((4, 300), torch.nan)})
    with pytest.raises(NotFinite):
        sampling.next_token_figure(services, run, 0)


def test_every_id_of_a_vocabulary_has_a_line_of_its_own():
    labels = all_labels(gpt2_tokenizer(300), 304)["labels"].split("\n")
    assert len(labels) == 304
    assert labels[198] == "↵"
    assert labels[299:] == ["<|endoftext|>", "#300", "#301", "#302", "#303"]
