"""What the page writes as CSV is what a reader of RFC 4180 reads."""

from __future__ import annotations

import csv
import io
import json

import pytest

from tests.explorer.widgets.scripts import evaluator


@pytest.fixture(scope="module")
def browser():
    return evaluator("shared/saving.js")


def test_any_text_comes_back_from_its_cell(browser):
    rows = [["token", "share"], ['say "hi", you', 0.25], ["two\nlines\r\n", -1e-9], ["", 3], ["<b>漢字👩‍👩‍👧", 1e21]]
    text = browser(f"csv({json.dumps(rows)})")
    read = list(csv.reader(io.StringIO(text, newline="")))
    assert [row[0] for row in read] == [row[0] for row in rows]
    assert [float(row[1]) for row in read[1:]] == [row[1] for row in rows[1:]]
    assert text.endswith("\r\n")


def test_a_cell_that_holds_nothing_is_empty(browser):
    assert browser("csvLine(['a', null, undefined, 0])") == '"a",,,0'
