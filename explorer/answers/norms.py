"""LayerNorm and GELU at one token: what the norm takes away and puts in, and where the MLP's neurons lie on their curve.

C model width.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from explorer.answers.lens import labels_by_id
from explorer.catalogue import catalogue
from explorer.store.services import Services
from explorer.store.traces import RunKey
from explorer.wording.numbers import fixed, percent
from gpt2core.errors import InvalidSetting, NotFinite
from gpt2core.model import LayerNorm
from gpt2core.notation import MAX_EDITS, NamedEdit, edit_set

say = catalogue("block")

# Which norm, and the stream that it reads; the final one reads what the last layer leaves.
NORMS = {"ln1": "resid_pre", "ln2": "resid_mid", "ln_final": "resid_post"}
OFF = NamedEdit("norm")


@dataclass(frozen=True, eq=False)
class NormSteps:
    """One norm at one token. before, centred, after [C]: the stream; that less its mean, over sqrt(variance + eps); that times scale
    plus shift. scale, shift [C]: learned. mean, variance: as the pass used them. site, layer: of `before`; norm_layer: of the norm's own."""

    site: str
    layer: int
    norm_layer: int | None
    before: Tensor
    centred: Tensor
    after: Tensor
    scale: Tensor
    shift: Tensor
    mean: float
    variance: float


@torch.no_grad()
def norm_of(services: Services, run: RunKey, token: int, layer: int, which: Any) -> NormSteps:
    """Raises: InvalidSetting for a norm that there is not, and what a pass raises."""
    if not isinstance(which, str) or which not in NORMS:
        raise InvalidSetting(say("bad_norm"))
    model = services.models.get(run.model).model
    at = model.config.n_layers - 1 if which == "ln_final" else layer
    norm_layer = None if which == "ln_final" else layer
    seen = services.traces.get(run, {NORMS[which], which, f"{which}_mean", f"{which}_var"})
    owner = model.final_norm if norm_layer is None else model.trf_blocks[layer].get_submodule(f"norm{which[-1]}")
    assert isinstance(owner, LayerNorm)
    mean, variance = seen[f"{which}_mean", norm_layer][token], seen[f"{which}_var", norm_layer][token]
    before = seen[NORMS[which], at][token]
    return NormSteps(
        NORMS[which],
        at,
        norm_layer,
        before,
        (before - mean) * torch.rsqrt(variance + owner.eps),
        seen[which, norm_layer][token],
        owner.scale.detach(),
        owner.shift.detach(),
        float(mean),
        float(variance),
    )


def norm_in_words(found: NormSteps) -> str:
    """Mean and variance before, and lengths before and after."""
    return say(
        "norm_in_words",
        mean=fixed(found.mean, 4),
        variance=fixed(found.variance, 4),
        before=fixed(float(found.before.norm()), 2),
        after=fixed(float(found.after.norm()), 2),
    )


def without_norms(services: Services, run: RunKey, token: int) -> str:
    """What the model says after `token` with every LayerNorm off, beside what it says with them, in words."""
    is_off = OFF in run.edits
    if not is_off and len(run.edits) == MAX_EDITS:
        return say("norm_no_room")
    edits = [edit for edit in run.edits if edit != OFF] if is_off else [*run.edits, OFF]
    try:
        now, now_share = _answer(services, run, token)
        other, other_share = _answer(services, replace(run, edits=edit_set(edits)), token)
    except NotFinite:
        return say("norm_overflows")
    sentence = "norm_is_off" if is_off else "norm_off"
    return say(sentence, now=now, now_share=now_share, other=other, other_share=other_share)


def _answer(services: Services, run: RunKey, token: int) -> tuple[str, str]:
    """The first guess after `token` and its share, as a person reads them."""
    shares = services.traces.get(run, {"logits"})["logits"][token].softmax(-1)
    most = int(shares.argmax())
    label = labels_by_id([most], services.models.tokenizer(run.model))[most]
    return label.text, percent(float(shares[most]))


def neurons_of(services: Services, run: RunKey, token: int, layer: int) -> tuple[Tensor, Tensor]:
    """Before and after GELU, [4C] each."""
    seen = services.traces.get(run, {"mlp_pre", "mlp_post"})
    return seen["mlp_pre", layer][token], seen["mlp_post", layer][token]


def gelu_in_words(before: Tensor, after: Tensor, form: str) -> str:
    """How many neurons are let through, and which is the strongest. form: tanh or erf, of the model."""
    strongest = int(after.abs().argmax())
    return say(
        "gelu_in_words",
        n=len(before),
        above=int((before > 0).sum()),
        neuron=strongest,
        before=fixed(float(before[strongest]), 3),
        after=fixed(float(after[strongest]), 3),
        form=say(f"form_{form}"),
    )
