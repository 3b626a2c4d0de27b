"""What is packed for the browser is what the browser unpacks."""

from __future__ import annotations

import json

import pytest
import torch

from explorer.answers.scoring import Scored, Summary
from explorer.widgets.scored_text import scored
from explorer.wording.text import token_labels
from gpt2core.scoring import score_text
from tests.conftest import TINY, TINY_IDS
from tests.explorer.widgets.scripts import evaluator


@pytest.fixture(scope="module")
def browser():
    return evaluator("shared/numbers.js")


def test_the_browser_unpacks_gpt2cores_numbers(browser, tiny_model):
    score = score_text(tiny_model, TINY_IDS)
    value = scored(
        Scored("", True, score, token_labels(range(50), None), TINY.vocab_size, Summary((), "", ""), 3, True)
    )
    sent = json.loads(value["score"])
    for name, numbers in (
        ("losses", score.losses),
        ("ranks", score.ranks),
        ("bands", score.bands),
        ("context", score.context),
        ("alternatives", score.alternatives.flatten()),
        ("alternative_shares", score.alternative_probabilities.flatten()),
    ):
        unpacked = browser(f"Array.from(floatsOf('{sent[name]}'))")
        torch.testing.assert_close(torch.tensor(unpacked, dtype=torch.float32), numbers.float())
    assert sent["ids"] == list(TINY_IDS)
    assert sum(sent["counts"]) == len(TINY_IDS) - 1
    assert sent["vocabulary"] == TINY.vocab_size
