"""Attention as lines without a page: which lines there are, and of which heads."""

import base64
import json

import numpy as np
import pytest
import torch

from explorer.widgets.lines import lines_value
from explorer.wording.text import TokenLabel
from tests.explorer.widgets.scripts import evaluator

WEIGHTS = torch.tensor([[[1.0, 0.0], [0.25, 0.75]], [[1.0, 0.0], [0.004, 0.996]]])


@pytest.fixture(scope="module")
def browser():
    numbers = WEIGHTS.flatten().tolist()
    return evaluator("lines/threads.js", more=f"globalThis.weights = new Float32Array({numbers});")


def test_every_weight_that_is_large_enough_is_a_line_the_strongest_last(browser):
    found = browser("threadsOf(weights, 2, [0, 1], null, 0.01)")
    assert [(line["place"], line["from"], line["to"]) for line in found] == [
        (0, 1, 0),
        (0, 1, 1),
        (1, 1, 1),
        (0, 0, 0),
        (1, 0, 0),
    ]
    assert [line["weight"] for line in found] == pytest.approx([0.25, 0.75, 0.996, 1, 1])


def test_a_token_that_is_read_shows_its_own_lines_from_it_or_to_it(browser):
    assert [line["to"] for line in browser("threadsOf(weights, 2, [0], { side: 'from', token: 1 }, 0)")] == [0, 1]
    assert [line["from"] for line in browser("threadsOf(weights, 2, [0], { side: 'to', token: 0 }, 0.01)")] == [1, 0]


def test_the_picked_head_is_always_among_those_that_are_drawn(browser):
    heads = json.dumps([[0, 0], [0, 1], [0, 2], [1, 0], [1, 1], [1, 2]])
    assert browser(f"placesShown({heads}, 1, 2, [0])") == [3, 5]
    assert browser(f"placesShown({heads}, 0, 1, [])") == [1]
    assert browser("[headsOf(''), headsOf('0,3')]") == [[], [0, 3]]


def test_weights_arrive_as_they_are_and_tokens_as_data():
    labels = [TokenLabel(1, "<b>${x}</b>", "", True), TokenLabel(2, "b", "", True)]
    value = lines_value(WEIGHTS, [(0, 0), (0, 1)], labels)
    assert np.frombuffer(base64.b64decode(value["weights"]), "<f4").tolist() == WEIGHTS.flatten().tolist()
    assert json.loads(value["about"])["tokens"][0][0] == "<b>${x}</b>"
