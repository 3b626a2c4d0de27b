"""A sentence of the catalogue is filled alike by the server and in the browser."""

from __future__ import annotations

import json

import pytest

from explorer.catalogue import Catalogue
from tests.explorer.widgets.scripts import evaluator


@pytest.fixture(scope="module")
def browser():
    return evaluator("shared/dom.js")


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"n": 0}, "0 tokens are"),
        ({"n": 1}, "1 token is"),
        ({"n": 2}, "2 tokens are"),
        ({"n": 11}, "11 tokens are"),
        ({"n": 21}, "21 tokens are"),
    ],
)
def test_a_word_goes_with_its_number(browser, values, text) -> None:
    sentence = "{n} {n:?token is|tokens are}"
    assert Catalogue("test", {"sentence": sentence})("sentence", **values) == text
    assert browser(f"filled({json.dumps(sentence)}, {json.dumps(values)})") == text


def test_a_number_written_with_its_commas_has_its_word_too(browser) -> None:
    assert browser("filled('{n} {n:?token|tokens}', { n: '1' })") == "1 token"
    assert browser("filled('{n} {n:?token|tokens}', { n: '1,001' })") == "1,001 tokens"


def test_what_has_no_value_stays_and_text_with_braces_is_not_filled_again(browser) -> None:
    assert browser("filled('{n} {m:?one|many} {token}', { token: '{n}' })") == "{n} {m:?one|many} {n}"
