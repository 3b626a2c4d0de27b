"""The tree of texts and the search for repeats as the browser does them, held to gpt2core and to laws."""

from __future__ import annotations

import json
import math
import random
from typing import Any

import pytest
import torch

from explorer.answers.generation import Prompt
from explorer.store.traces import RunKey
from explorer.widgets import story
from explorer.wording.text import TokenLabel
from gpt2core import GPTConfig, generate
from gpt2core.generation import Alternative, alternatives
from gpt2core.repetition import repeated_from
from tests.explorer.widgets.scripts import evaluator
from tests.reference import random_model


@pytest.fixture
def browser():
    return evaluator("story/branches.js", "story/repeats.js")


def tree_of(*texts: tuple[int | None, int, str]) -> str:
    """JavaScript for a tree of branches (parent, from, all its tokens, one letter each) with ids 1, 2, 3…"""
    made = "const tree = newTree('run');"
    for parent, start, text in texts:
        tokens = ", ".join(f"{{ id: {ord(letter)}, own: -1 }}" for letter in text[start:])
        made += (
            f"addBranch(tree, {f'branchOf(tree, {parent})' if parent else 'null'}, {start}, 9).tokens.push({tokens});"
        )
    return made


def in_tree(browser: Any, tree: str, code: str) -> Any:
    return browser(f"(() => {{ {tree} {code} }})()")


TREE = tree_of((None, 0, "abcd"), (1, 2, "abxy"), (2, 3, "abxz"), (1, 1, "aq"))


def test_the_browser_finds_the_repeats_that_gpt2core_finds(browser):
    luck = random.Random(0)
    for _ in range(300):
        text = [luck.randrange(luck.choice([1, 2, 4, 9])) for _ in range(luck.randrange(60))]
        n = luck.choice([1, 2, 3, 4])
        assert browser(f"repeatedFrom({json.dumps(text)}, {n})") == repeated_from(text, n)


def test_ids_are_compared_whole_and_not_by_their_digits(browser):
    assert browser("repeatedFrom([1, 23, 12, 3], 2)") == [None] * 4


def test_an_outline_lists_every_branch_once_after_its_parent(browser):
    listed = in_tree(browser, TREE, "return outline(tree).map(([branch, depth]) => [branch.id, depth]);")
    assert listed == [[1, 0], [2, 1], [3, 2], [4, 1]]


def test_a_branch_begins_like_its_parent_and_leaves_it_alone(browser):
    texts = in_tree(browser, TREE, "return tree.branches.map(({ tokens }) => tokens.map(({ id }) => id));")
    assert ["".join(map(chr, text)) for text in texts] == ["abcd", "abxy", "abxz", "aq"]


@pytest.mark.parametrize("gone", [1, 2, 3, 4])
def test_deleting_a_branch_loses_no_other_and_no_token(browser, gone):
    code = f"const next = removeBranch(tree, {gone}); return [next && next.id, outline(tree).map(([b]) => b)];"
    heir, left = in_tree(browser, TREE, code)
    texts = {branch["id"]: "".join(chr(token["id"]) for token in branch["tokens"]) for branch in left}
    assert texts == {number: text for number, text in enumerate(["abcd", "abxy", "abxz", "aq"], 1) if number != gone}
    assert heir == {1: 2, 2: 1, 3: 2, 4: 1}[gone]
    for branch in left:
        if branch["parent"] is None:
            assert branch["from"] == 0
        else:
            shared = texts[branch["id"]][: branch["from"]]
            assert texts[branch["parent"]].startswith(shared)


def test_deleting_the_only_branch_leaves_nothing(browser):
    tree = tree_of((None, 0, "ab"))
    assert in_tree(browser, tree, "return [removeBranch(tree, 1), tree.branches];") == [None, []]


def test_the_parting_place_is_the_first_difference_also_where_one_text_is_the_others_beginning(browser):
    def parts(one: str, other: str) -> Any:
        tokens = [[{"id": ord(letter)} for letter in text] for text in (one, other)]
        return browser(f"sharedLength({json.dumps(tokens[0])}, {json.dumps(tokens[1])})")

    assert [parts("abcd", "abxd"), parts("ab", "abcd"), parts("", "a"), parts("x", "y")] == [2, 2, 0, 0]


def test_a_branch_that_has_the_token_already_is_found(browser):
    find = "const at = (i, id) => (branchWith(tree, branchOf(tree, 1).tokens, i, id.charCodeAt(0)) || { id: 0 }).id;"
    assert in_tree(browser, TREE, f"{find} return [at(2, 'x'), at(1, 'q'), at(2, 'q'), at(3, 'y')];") == [2, 4, 0, 0]


def test_mean_and_perplexity_are_the_models_loss_on_what_was_written(browser):
    model = random_model(GPTConfig(97, 24, 32, 4, 3, qkv_bias=True, tied_head=True))
    prompt = [5, 60, 7]
    own, text = [], list(prompt)
    for step in generate(model, prompt, 15, seed=1, top_k=5):
        own.append(next(one for one in alternatives(step, 5) if one.token_id == step.token_id).log_probability)
        text.append(step.token_id)
    with torch.no_grad():
        logits = model(torch.tensor([text]))[0]
    for start in (0, 6):
        targets = torch.tensor(text[len(prompt) + start :])
        loss = float(torch.nn.functional.cross_entropy(logits[len(prompt) + start - 1 : -1], targets))
        tokens = json.dumps([{"own": value} for value in own])
        assert browser(f"meanLogProbability({tokens}, {start})") == pytest.approx(-loss, rel=1e-4)
        assert browser(f"perplexity({tokens}, {start})") == pytest.approx(math.exp(loss), rel=1e-4)
    assert browser("[meanLogProbability([], 0), perplexity([{ own: -1 }], 1)]") == [None, None]


def test_a_token_travels_as_one_line_whatever_its_text(browser):
    label = TokenLabel(7, 'a"\\↵\u2028', "61 22", True)
    one = story.line(7, [(Alternative(7, 0.25, -1.5, 3), label)])
    assert one.index("\n") == len(one) - 1
    read = browser(f"JSON.parse({json.dumps(one)})")
    assert read == [7, [[7, label.text, "61 22", 1, 0.25, -1.5, 3]]]


def test_the_prompt_holds_the_run_that_a_request_must_name():
    run = RunKey("model", 'say "hi" ${1}', (1, 2))
    told = json.loads(story.prompt(Prompt(run, 16, None))["prompt"])
    assert told == {"run": run.to_json(), "text": run.text, "ids": [1, 2], "limit": 16, "end": None}
