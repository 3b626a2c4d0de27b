"""What a head does to the answer: its attribution, its influence by a second pass, and what is said of both."""

from __future__ import annotations

import pytest
import torch

from explorer.answers.head_effect import (
    Asked,
    Effect,
    adds_of,
    asked_of,
    attributions_of,
    effect_of,
    effect_table,
    judged,
    measures_of,
    verdict,
)
from explorer.store.services import DEFAULT_MODEL
from gpt2core import trace
from gpt2core.analysis import direct_logit_attribution, head_outputs
from gpt2core.edits import zero_head
from gpt2core.errors import InvalidEdit, InvalidSetting
from gpt2core.notation import MAX_EDITS
from tests.reference import hugging_face_twin


@torch.no_grad()
def read_by_transformers(model, token_ids, position, layer, head):
    """[V]: the head's slice of what goes into transformers' c_proj, through that, its frozen ln_f and lm_head."""
    twin, merged, final = hugging_face_twin(model), [], []
    attention = twin.transformer.h[layer].attn
    hooks = [
        attention.c_proj.register_forward_pre_hook(lambda _, given: merged.append(given[0][0, position])),
        twin.transformer.ln_f.register_forward_pre_hook(lambda _, given: final.append(given[0][0, position])),
    ]
    twin(torch.tensor([list(token_ids)]))
    for hook in hooks:
        hook.remove()
    D = model.config.emb_dim // model.config.n_heads
    part = slice(head * D, (head + 1) * D)
    written = merged[0][part] @ attention.c_proj.weight[part]  # [C]
    norm = twin.transformer.ln_f
    divided = (written - written.mean()) / (final[0].var(correction=0) + norm.eps).sqrt()
    return twin.lm_head.weight @ (divided * norm.weight)


@pytest.mark.parametrize(("position", "layer", "head"), [(0, 0, 0), (2, 1, 2), (3, 0, 1)])
def test_the_tokens_listed_are_what_transformers_reads_from_the_head(services, run, position, layer, head):
    model = services.models.get(run.model).model
    expected = read_by_transformers(model, run.token_ids, position, layer, head)
    promoted, suppressed = adds_of(services, run, position, layer, head)
    torch.testing.assert_close(torch.tensor(promoted.logits), expected.topk(12).values, atol=1e-4, rtol=0)
    torch.testing.assert_close(torch.tensor(suppressed.logits), -(-expected).topk(12).values, atol=1e-4, rtol=0)
    for adds in (promoted, suppressed):
        for label, value, origin in zip(adds.labels, adds.logits, adds.origins(), strict=True):
            assert value == pytest.approx(float(expected[label.token_id]), abs=1e-4)
            assert origin == {"kind": "head_logit", "layer": layer, "index": [head, position, label.token_id]}


def test_what_a_head_promotes_is_its_output_times_the_stretched_output_rows(services, run):
    model = services.models.get(run.model).model
    seen = trace(model, run.token_ids)
    written = head_outputs(seen, model, 1, 2)[0]
    scaled = model.out_head.weight * model.final_norm.scale / (seen["ln_final_var"][2] + model.config.norm_eps).sqrt()
    logits = (scaled @ (written - written.mean())).detach()
    promoted, suppressed = adds_of(services, run, 2, 1, 0)
    assert [label.token_id for label in promoted.labels] == logits.topk(12).indices.tolist()
    assert [label.token_id for label in suppressed.labels] == (-logits).topk(12).indices.tolist()


@pytest.mark.parametrize("edits", ["", "head:0.1,mlp:1", "see:3-0"])
def test_attribution_is_the_entry_of_direct_logit_attribution_and_influence_that_of_a_second_pass(services, edits):
    run = services.read("abcd", DEFAULT_MODEL, edits)
    model = services.models.get(run.model).model
    for first, second in (("a", "b"), ("#98", ""), ("", "")):
        asked = asked_of(services, run, 3, first, second)
        found = effect_of(services, run, 3, 1, 2, asked)
        signs = (1, -1)[: len(asked.ids)]
        seen = trace(model, run.token_ids, edits=run.pass_edits)
        without = trace(model, run.token_ids, {"logits"}, [*run.pass_edits, zero_head(1, 2)])
        parts = [float(direct_logit_attribution(seen, model, one, 3).heads[1, 2]) for one in asked.ids]
        assert found.parts == pytest.approx(parts, abs=1e-4)
        assert found.direct == pytest.approx(sum(s * part for s, part in zip(signs, parts, strict=True)), abs=1e-4)
        assert float(attributions_of(services, run, 3, asked)[1, 2]) == pytest.approx(found.direct, abs=1e-4)
        before, after = (one["logits"][3, list(asked.ids)] for one in (seen, without))
        assert found.missing == pytest.approx(float(((before - after) * torch.tensor(signs)).sum()), abs=1e-4)
        for one, (share, share_after) in zip(asked.ids, found.shares, strict=True):
            assert share == pytest.approx(float(seen["logits"][3].softmax(-1)[one]), abs=1e-6)
            assert share_after == pytest.approx(float(without["logits"][3].softmax(-1)[one]), abs=1e-6)
        pattern = seen["pattern", 1][2, 3]
        assert (found.weight, found.key) == (pytest.approx(float(pattern.max())), int(pattern.argmax()))


def test_before_is_the_page_as_it_is_and_a_head_that_is_off_is_said_to_be(services, run):
    for edits in ("head:1.2", "attention:1", "layer:1"):
        off = services.read("abcd", DEFAULT_MODEL, edits)
        found = effect_of(services, off, 3, 1, 2, asked_of(services, off, 3, "", ""))
        assert found.off
        assert found.direct == found.missing == 0
        assert "switched off on the page" in verdict(found, services.labels(off))
        rows = measures_of(found, services.labels(off), 3, 1, 2)
        assert rows[2]["value"] is None
        assert len(effect_table(found)) == 4
        assert adds_of(services, off, 3, 1, 2)[0].labels == []
        assert attributions_of(services, off, 3, found.asked)[1, 2] == 0
    assert not effect_of(services, run, 3, 1, 2, asked_of(services, run, 3, "", "")).off
    other = services.read("abcd", DEFAULT_MODEL, "head:0.2,mean-head:1.2,attention:0")
    assert not effect_of(services, other, 3, 1, 2, asked_of(services, other, 3, "", "")).off


def test_heads_whose_attention_is_at_its_mean_are_told_nothing_of(services):
    run = services.read("abcd", DEFAULT_MODEL, "mean-attention:1")
    asked = asked_of(services, run, 3, "", "")
    for refused in (lambda: effect_of(services, run, 3, 1, 2, asked), lambda: adds_of(services, run, 3, 1, 2)):
        with pytest.raises(InvalidSetting, match="layer 1 is at its mean"):
            refused()
    found = attributions_of(services, run, 3, asked)
    assert found[1].isnan().all()
    assert not found[0].isnan().any()


def test_without_words_the_two_likeliest_are_compared_and_one_word_is_its_logit(services, run):
    with torch.no_grad():
        first, second = services.traces.get(run, {"logits"})["logits"][2].topk(2).indices.tolist()
    assert asked_of(services, run, 2, "", "").ids == (first, second)
    assert asked_of(services, run, 2, "a", "").ids == (64,)
    assert asked_of(services, run, 2, "", "#98").ids == ((first, 98) if first != 98 else (second, 98))
    assert asked_of(services, run, 2, "", f"#{first}").ids == (second, first)
    assert asked_of(services, run, 2, "", "").words.startswith("“")


@pytest.mark.parametrize(
    ("first", "second", "told"),
    [
        ("a b", "", "this one names 2"),
        ("a", "a", "stands on both sides"),
        ("#300", "", "300"),
        (None, "", "."),
        ("", ["a"], "."),
    ],
)
def test_what_is_no_single_token_is_refused_in_one_sentence(services, run, first, second, told):
    with pytest.raises(InvalidSetting, match=told):
        asked_of(services, run, 0, first, second)


def test_a_page_with_as_many_edits_as_there_may_be_is_refused(services):
    edits = ",".join(
        [f"head:{layer}.{head}" for layer in (0, 1) for head in (0, 1)] + ["mlp:0", "mlp:1", "mask", "norm"]
    )
    edits += ",scale,positions,residual:0,residual:1,see:2-0,see:2-1,see:1-0,see:3-0"
    run = services.read("abcd", DEFAULT_MODEL, edits)
    assert len(run.edits) == MAX_EDITS
    with pytest.raises(InvalidEdit, match="There are 17 edits"):
        effect_of(services, run, 3, 0, 2, asked_of(services, run, 3, "a", ""))


@pytest.mark.parametrize(
    ("direct", "missing", "judgement"),
    [
        (0.05, -0.09, "neither"),
        (0.8, 0.05, "made_up"),
        (0.02, 0.6, "through_others"),
        (0.8, -0.3, "turned"),
        (0.8, 0.3, "partly"),
        (-0.8, -1.7, "stronger"),
        (-0.8, -0.7, "agree"),
    ],
)
def test_attribution_and_influence_are_held_against_each_other(services, run, direct, missing, judgement):
    assert judged(direct, missing) == judgement
    asked = asked_of(services, run, 3, "a", "b")
    found = Effect(asked, 0.9, 1, direct, (direct, 0.0), missing, 0.0, ((0.5, 0.4), (0.1, 0.2)), False)
    told = verdict(found, services.labels(run))
    assert ("They disagree" in told) == (judgement in ("made_up", "through_others", "turned"))
    assert ("attention is not influence" in told) == (abs(missing) < 0.1)
    wide = Effect(asked, 0.1, 1, direct, (direct, 0.0), missing, 0.0, ((0.5, 0.4), (0.1, 0.2)), False)
    assert ("little attention is not little influence" in verdict(wide, services.labels(run))) == (abs(missing) >= 0.1)


def test_the_answer_of_one_token_is_its_logit(services, run):
    logits = torch.arange(300.0)
    labels = asked_of(services, run, 0, "a", "b").labels
    assert Asked((7,), labels[:1]).of(logits) == 7
    assert Asked((7, 3), labels).of(logits) == 4
