"""One head step by step: every step is the one before it, worked on as it says; and what is no step is refused."""

from __future__ import annotations

import math

import pytest
import torch

from explorer.answers.head_steps import SCOPES, STEPS, checked_step, key_of, step_of
from gpt2core import trace
from gpt2core.errors import InvalidSetting

LAYER, HEAD, QUERY, KEY = 1, 2, 4, 1


@pytest.fixture(scope="module")
def read(three_models):
    return three_models, three_models.read("the other one and the other", "tinystories")


def picture(read, step: str, scope: str = "pair", key: object = KEY, token: int = QUERY):
    return step_of(*read, token, LAYER, HEAD, step, scope, key)


def test_from_query_and_key_to_what_is_gathered_each_step_follows_from_the_last(read):
    services, run = read
    q, k = picture(read, "vectors").values
    q_too, k_too, products = picture(read, "product").values
    assert torch.equal(q, q_too)
    assert torch.equal(products, q * k)
    assert torch.equal(k, k_too)
    raw, scores = picture(read, "scaled").values
    assert float(raw[KEY]) == pytest.approx(float(products.sum()), rel=1e-5)
    assert torch.allclose(scores, raw / math.sqrt(len(q)), atol=1e-6)
    (masked,) = picture(read, "masked").values
    assert torch.equal(masked[: QUERY + 1], scores[: QUERY + 1])
    assert bool(masked[QUERY + 1 :].isnan().all())
    (powers,) = picture(read, "exponentials").values
    assert float(powers.max()) == 1.0
    assert bool((powers[QUERY + 1 :] == 0).all())
    (weights,) = picture(read, "weights").values
    assert torch.allclose(weights, powers / powers.sum(), atol=1e-6)
    _, weighted, z = picture(read, "gathered").values
    v = trace(services.models.get(run.model).model, run.token_ids)["v", LAYER][HEAD]
    assert torch.allclose(weighted, weights[KEY] * v[KEY], atol=1e-6)
    assert torch.allclose(z, weights @ v, atol=1e-5)
    assert torch.equal(picture(read, "heads").values[HEAD], z)
    *parts, attn_out = picture(read, "projected").values
    assert torch.allclose(sum(parts), attn_out, atol=1e-5)
    before, wrote, after = picture(read, "added").values
    assert torch.equal(wrote, attn_out)
    assert torch.allclose(before + wrote, after, atol=1e-5)


@pytest.mark.parametrize("step", STEPS)
def test_every_number_with_an_origin_is_the_traces(read, step):
    services, run = read
    whole = trace(services.models.get(run.model).model, run.token_ids)
    exact = set(STEPS) - {"product", "masked", "exponentials"}  # there the origin is the number that these make
    for scope in SCOPES:
        found = picture(read, step, scope)
        assert found.code
        assert all("gpt2core/" in where for where, _ in found.code)
        for values, origin in zip(found.values, found.origins, strict=True):
            if origin is None or step not in exact:
                continue
            site = whole[origin.site, origin.layer]
            *index, last = origin.index
            assert last == "column"
            assert torch.equal(values, site[tuple(index)])


def test_all_tokens_at_once_hold_the_pair_as_a_row(read):
    for step in set(STEPS) - {"vectors", "heads", "added", "projected", "gathered", "product"}:
        row = picture(read, step, "all").values[QUERY]
        assert any(torch.equal(row.nan_to_num(), one.nan_to_num()) for one in picture(read, step).values)
    assert torch.equal(picture(read, "product", "all").values[QUERY], picture(read, "scaled").values[0])


def test_without_a_choice_the_pair_is_where_the_token_looks_most(read):
    pattern = torch.tensor([[1.0, 0.0], [0.3, 0.7]])
    assert [key_of(key, pattern, 1) for key in (None, 0, 1, 2, -1, 0.5, "0", True)] == [1, 0, 1, 1, 1, 1, 1, 1]


def test_a_token_that_comes_later_is_said_not_to_be_seen(read):
    assert "not seen" in picture(read, "weights", key=5, token=1).told
    assert "not seen" not in picture(read, "weights", key=0, token=1).told
    assert "Nothing comes after" in picture(read, "masked", token=len(read[1].token_ids) - 1).told


@pytest.mark.parametrize("text", ["the", "the other"])
def test_a_token_or_two_have_all_steps(three_models, text):
    read = (three_models, three_models.read(text, "tinystories"))
    for step in STEPS:
        for scope in SCOPES:
            assert picture(read, step, scope, token=0).values.numel()


@pytest.mark.parametrize("edits", ["scale", "mask", "head:1.2", "norm", "attention:1", "see:4-1"])
def test_a_changed_model_tells_its_own_steps(three_models, edits):
    read = (three_models, three_models.read("the other one and the other", "tinystories", edits))
    weights = picture(read, "weights").values[0]
    powers = picture(read, "exponentials").values[0]
    assert torch.allclose(weights, powers / powers.sum(), atol=1e-5)
    assert ("a change of the model" in picture(read, "scaled").told) == (edits == "scale")


@pytest.mark.parametrize("step", [-1, 11, 1.5, None, "2", True])
def test_what_is_no_step_is_refused(step):
    with pytest.raises(InvalidSetting, match="1 to 11"):
        checked_step(step)


def test_another_scope_and_too_many_scores_are_refused(read, monkeypatch):
    with pytest.raises(InvalidSetting, match="pair, all"):
        picture(read, "weights", "some")
    monkeypatch.setattr("explorer.answers.head_steps.MOST_SCORES", 100)
    with pytest.raises(InvalidSetting, match="up to 4 tokens"):
        picture(read, "weights")
