"""Numbers as the browser unpacks and shows them, and what is packed for it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from py_mini_racer import MiniRacer

import explorer.widgets.scored_text as widget
from explorer.widgets.scored_text import Summary, scored
from explorer.wording.text import token_labels
from gpt2core.scoring import score_text
from tests.conftest import TINY, TINY_IDS

SCRIPT = (Path(widget.__file__).parent / "numbers.js").read_text(encoding="utf-8")
# What V8 lacks outside a browser.
ATOB = """function atob(text) {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  const bits = [...text.replaceAll('=', '')].map((c) => letters.indexOf(c).toString(2).padStart(6, '0')).join('');
  return bits.match(/.{8}/g).map((byte) => String.fromCharCode(parseInt(byte, 2))).join('');
}"""


@pytest.fixture(scope="module")
def browser():
    engine = MiniRacer()
    engine.eval(ATOB + SCRIPT)
    return lambda call: json.loads(engine.eval(f"JSON.stringify({call})"))


def test_the_browser_unpacks_gpt2cores_numbers(browser, tiny_model):
    score = score_text(tiny_model, TINY_IDS)
    value = scored("key", score, token_labels(range(50), None), TINY.vocab_size, Summary((), "", ""), 3, True)
    sent = json.loads(value["score"])
    for name, numbers in (
        ("losses", score.losses),
        ("ranks", score.ranks),
        ("bands", score.bands),
        ("context", score.context),
        ("alternatives", score.alternatives.flatten()),
        ("alternative_shares", score.alternative_probabilities.flatten()),
    ):
        unpacked = browser(f"Array.from(unpack('{sent[name]}'))")
        torch.testing.assert_close(torch.tensor(unpacked, dtype=torch.float32), numbers.float())
    assert sent["ids"] == list(TINY_IDS)
    assert sum(sent["counts"]) == len(TINY_IDS) - 1
    assert sent["vocabulary"] == TINY.vocab_size


@pytest.mark.parametrize(
    ("share", "shown"),
    [(0, "0 %"), (1, "100 %"), (0.99999, "> 99.9 %"), (0.5, "50.0 %"), (0.00048, "0.048 %"), (1e-9, "< 0.001 %")],
)
def test_no_share_above_nothing_reads_as_nothing_and_none_below_all_as_all(browser, share, shown):
    assert browser(f"percent({share})") == shown


@pytest.mark.parametrize(
    ("end", "most", "ticks"),
    [(4.2, 5, [0, 1, 2, 3, 4]), (18.9, 5, [0, 5, 10, 15]), (17, 8, [0, 5, 10, 15]), (0.3, 4, [0, 0.1, 0.2, 0.3])],
)
def test_ticks_are_round_and_begin_at_zero(browser, end, most, ticks):
    assert browser(f"roundTicks({end}, {most})") == ticks
