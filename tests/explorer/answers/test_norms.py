"""LayerNorm and GELU of the Block tab against torch and transformers, and what is refused."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from explorer.answers.norms import NORMS, gelu_in_words, neurons_of, norm_in_words, norm_of, without_norms
from explorer.store.services import DEFAULT_MODEL
from gpt2core import trace
from gpt2core.errors import InvalidSetting
from tests.reference import hugging_face_twin


@torch.no_grad()
def reads_of(module, twin, token_ids):
    """What a module of transformers' GPT-2 reads and gives, [T, C] each."""
    caught = []
    hook = module.register_forward_hook(lambda _, given, out: caught.extend([given[0][0], out[0]]))
    twin(torch.tensor([list(token_ids)]))
    hook.remove()
    return caught


@pytest.mark.parametrize("which", NORMS)
def test_the_steps_of_a_norm_are_those_of_transformers_module(services, run, which):
    model = services.models.get(run.model).model
    twin = hugging_face_twin(model)
    module = twin.transformer.ln_f if which == "ln_final" else getattr(twin.transformer.h[1], f"ln_{which[-1]}")
    given, out = reads_of(module, twin, run.token_ids)
    found = norm_of(services, run, 2, 1, which)
    torch.testing.assert_close(found.before, given[2], atol=1e-4, rtol=0)
    torch.testing.assert_close(found.after, out[2], atol=1e-4, rtol=0)
    assert found.mean == pytest.approx(float(given[2].mean()), abs=1e-4)
    assert found.variance == pytest.approx(float(given[2].var(correction=0)), rel=1e-4)
    torch.testing.assert_close(found.centred * found.scale + found.shift, found.after)
    assert abs(float(found.centred.mean())) < 1e-5
    assert f"length {float(out[2].norm()):.2f}" in norm_in_words(found)


def test_with_the_norm_off_nothing_is_taken_away(services):
    run = services.read("abcd", DEFAULT_MODEL, "norm")
    found = norm_of(services, run, 1, 0, "ln1")
    torch.testing.assert_close(found.centred, found.before)
    assert without_norms(services, run, 1).startswith("Every LayerNorm is off")


def test_what_the_model_would_say_without_norms_is_what_it_says_then(services, run):
    off = services.read("abcd", DEFAULT_MODEL, "norm")
    logits = trace(services.models.get(run.model).model, off.token_ids, {"logits"}, off.pass_edits)["logits"]
    share = float(logits[3].softmax(-1).max())
    assert f"{100 * share:.3g} %" in without_norms(services, run, 3)


def test_the_points_lie_on_the_models_own_curve(services, run):
    before, after = neurons_of(services, run, 2, 1)
    assert len(before) == 4 * services.models.get(run.model).model.config.emb_dim
    torch.testing.assert_close(after, F.gelu(before, approximate="tanh"))
    assert f"{int((before > 0).sum())} of {len(before)} neurons are above 0" in gelu_in_words(before, after, "tanh")


@pytest.mark.parametrize("which", ["", None, "ln3", 1])
def test_a_norm_that_there_is_not_is_refused(services, run, which):
    with pytest.raises(InvalidSetting, match="ln1, ln2 and ln_final"):
        norm_of(services, run, 0, 0, which)
