"""The stream as a sum: the parts make the logit, and are what transformers' modules wrote, read by hand."""

from __future__ import annotations

import pytest
import torch

from explorer.answers.stream_sum import checked_measure, part_names, steps_of, sum_in_words, sum_of
from explorer.store.services import DEFAULT_MODEL
from gpt2core.errors import InvalidSetting
from tests.reference import hugging_face_twin


@torch.no_grad()
def parts_by_hand(model, token_ids, position, token_id):
    """[L, H + 2] parts of the logit and lengths, from hooks in transformers' GPT-2: the merged heads before c_proj, and the MLPs."""
    twin = hugging_face_twin(model)
    merged, mlps, final, hooks = [], [], [], []
    for block in twin.transformer.h:
        hooks.append(block.attn.c_proj.register_forward_pre_hook(lambda _, given: merged.append(given[0][0, position])))
        hooks.append(block.mlp.register_forward_hook(lambda _, __, out: mlps.append(out[0, position])))
    hooks.append(twin.transformer.ln_f.register_forward_pre_hook(lambda _, given: final.append(given[0][0, position])))
    logit = twin(torch.tensor([list(token_ids)])).logits[0, position, token_id]
    for hook in hooks:
        hook.remove()
    norm = twin.transformer.ln_f
    deviation = (final[0].var(correction=0) + norm.eps).sqrt()
    row = twin.lm_head.weight[token_id]

    def added(vector):
        return ((vector - vector.mean()) / deviation * norm.weight) @ row

    H, D = model.config.n_heads, model.config.emb_dim // model.config.n_heads
    parts, sizes = [], []
    for block, z, mlp in zip(twin.transformer.h, merged, mlps, strict=True):
        weight, bias = block.attn.c_proj.weight, block.attn.c_proj.bias
        written = [z[h * D : (h + 1) * D] @ weight[h * D : (h + 1) * D] for h in range(H)] + [bias, mlp]
        parts.append([float(added(one)) for one in written])
        sizes.append([float(one.norm()) for one in written])
    return torch.tensor(parts), torch.tensor(sizes), float(norm.bias @ row), float(logit)


@pytest.mark.parametrize(("position", "chosen"), [(0, "a"), (2, "#98"), (3, "")])
def test_every_part_is_what_transformers_modules_wrote(services, run, position, chosen):
    model = services.models.get(run.model).model
    found = sum_of(services, run, position, chosen)
    token_id = {"a": 64, "#98": 98}.get(chosen)
    if token_id is None:
        with torch.no_grad():
            token_id = int(model(torch.tensor([run.token_ids]))[0, position].argmax())
    parts, sizes, shift, logit = parts_by_hand(model, run.token_ids, position, token_id)
    torch.testing.assert_close(found.parts, parts, atol=1e-4, rtol=0)
    torch.testing.assert_close(found.sizes, sizes, atol=1e-4, rtol=0)
    assert found.logit.norm_shift == pytest.approx(shift, abs=1e-4)
    assert found.logit.logit == pytest.approx(logit, abs=1e-4)


@pytest.mark.parametrize("edits", ["", "head:0.1,mlp:1", "norm", "residual:1"])
def test_the_steps_add_up_to_the_logit_on_screen(services, edits):
    run = services.read("abcd", DEFAULT_MODEL, edits)
    found = sum_of(services, run, 2, "b")
    assert sum(value for _, value in steps_of(found)) == pytest.approx(found.logit.logit, abs=1e-3)
    if edits.startswith("head"):
        assert found.parts[0, 1] == found.sizes[0, 1] == found.parts[1, -1] == 0


def test_the_sum_is_told_with_its_norm_and_its_edits(services, run):
    assert "the final norm’s shift" in sum_in_words(sum_of(services, run, 1, ""), "logit")
    assert "token row has" in sum_in_words(sum_of(services, run, 1, ""), "size")
    edited = sum_of(services, services.read("abcd", DEFAULT_MODEL, "residual:1"), 1, "")
    assert "what edits put in" in sum_in_words(edited, "logit")
    assert part_names(1) == ["head 0", "bias", "whole MLP"]


def test_several_tokens_and_other_measures_are_refused(services, run):
    with pytest.raises(InvalidSetting, match="2 tokens are named"):
        sum_of(services, run, 0, "a b")
    for wrong in ("length", None):
        with pytest.raises(InvalidSetting, match="by logit or by size"):
            checked_measure(wrong)
