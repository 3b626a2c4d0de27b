"""Runs as the page writes them ahead of the server."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from explorer.store.services import RunKey
from gpt2core import GPT_CONFIG_SMALL
from gpt2core.notation import edit_set, parse_edits
from tests.explorer.widgets.scripts import evaluator

TEXTS = [
    "Once upon a time",
    "caf\u00e9 \U0001f469\u200d\U0001f680 \u0939",
    'a "quoted" \\ line\n\x7f\x00\t',
    "\u2028</script>",
]


@pytest.fixture(scope="module")
def browser():
    return evaluator("page_state/runs.js")


def call(name: str, *values: object) -> str:
    return f"{name}({', '.join(map(json.dumps, values))})"


def run_of(text: str, edits: str = "") -> RunKey:
    return RunKey("tinystories", text, (1, 2), parse_edits(edits, GPT_CONFIG_SMALL, 2))


@pytest.mark.parametrize("text", TEXTS)
def test_the_page_writes_a_run_with_other_edits_to_the_character_as_the_server_does(browser, text):
    before, after = run_of(text, "mlp:1"), run_of(text, "head:0.1,see:1-0")
    assert browser(call("changedRun", before.to_json(), {"edits": after.edits_text})) == after.to_json()
    assert browser(call("changedRun", before.to_json(), {"edits": ""})) == run_of(text).to_json()
    assert browser(call("editsOf", after.to_json())) == after.edits_text


def test_the_order_of_edits_makes_no_other_run_on_the_page_either(browser):
    here = run_of("abc", "mlp:1,head:0.1").to_json()
    turned = browser(call("changedRun", here, {"edits": "head:0.1,mlp:1"}))
    assert browser(call("isSameRun", here, turned))
    for other in (
        run_of("abd", "mlp:1,head:0.1"),
        run_of("abc", "mlp:1"),
        replace(run_of("abc", "mlp:1,head:0.1"), model="x"),
    ):
        assert not browser(call("isSameRun", here, other.to_json()))
    assert edit_set(parse_edits("head:0.1,mlp:1", GPT_CONFIG_SMALL, 2)) == run_of("abc", "mlp:1,head:0.1").edits


def test_before_anything_was_read_there_are_no_edits(browser):
    assert browser(call("editsOf", "")) == ""
