"""The Tokens tab on pieces of any length: what is sent and what is drawn stay within what a person can look at."""

from __future__ import annotations

import json

import pytest

from explorer.store.services import DEFAULT_MODEL, Services
from explorer.tabs import tokens
from explorer.widgets.merges import PARTS, ROWS
from explorer.widgets.tokens import token_cards
from gpt2core import GPTConfig, gpt2_tokenizer, save_pretrained
from tests.explorer.widgets.scripts import evaluator
from tests.reference import random_model

LONG = {
    "dashes": "-" * 2_000,
    "letters": "a" * 2_000,
    "letters of several kinds": "abcdefghij" * 200,
    "digits": "0" * 2_000,
    "blanks": " " * 1_000,
    "line ends": "\n" * 1_500,
    "accents": "é" * 900,
    "emoji": "😀" * 400,
    "zeros": "\0" * 1_000,
    "dashes without end": "-" * 60_000,
}


@pytest.fixture(scope="module", params=[8192, 50257])
def services(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Services:
    folder = tmp_path_factory.mktemp("checkpoints")
    config = GPTConfig(request.param, 2_100, 4, 1, 1, qkv_bias=True, tied_head=True)
    save_pretrained(random_model(config), folder / DEFAULT_MODEL, tokenizer=gpt2_tokenizer(request.param))
    return Services(folder)


@pytest.mark.parametrize("kind", LONG)
def test_what_is_sent_for_a_long_piece_stays_below_two_megabytes(services, kind):
    run = services.read(LONG[kind], DEFAULT_MODEL)
    labels = services.labels(run)
    sent = [*tokens.merges_figure(services, run, 0), token_cards(labels, 0)]
    table = tokens.token_table(labels, services.models.tokenizer(DEFAULT_MODEL).pieces(run.text))
    assert len(json.dumps(sent)) + len(table.to_json()) < 2_000_000


@pytest.mark.parametrize("kind", LONG)
def test_what_is_drawn_of_a_long_piece_is_a_page_of_short_rows(services, kind):
    history, bar = tokens.merges_figure(services, services.read(LONG[kind], DEFAULT_MODEL), 0)
    engine = evaluator("merges/history.js", more=f"var history = {json.dumps(history['history'])};")
    steps = len(history["history"]["joints"])
    for first in (0, steps // 2, steps):
        drawn = engine(f"rowsOf(history, pageOf({first}, {steps}, {ROWS}), {ROWS}, {PARTS})")
        assert 0 < len(drawn) <= ROWS
        assert all(0 < len(row["parts"]) <= PARTS for row in drawn)
    assert len(bar["title"]) < 120
    assert len(history["end"]) < 600


def test_the_merges_are_those_of_the_piece_that_the_token_is_in(services):
    run = services.read("one  2222 three", DEFAULT_MODEL)
    pieces = services.models.tokenizer(DEFAULT_MODEL).pieces(run.text)
    numbers = tokens.piece_numbers(pieces)
    assert len(numbers) == len(run.token_ids)
    for token, number in enumerate(numbers):
        history, _ = tokens.merges_figure(services, run, token)
        assert sum(history["history"]["sizes"][kind] for kind in history["history"]["start"]) == len(
            pieces[number].data
        )
