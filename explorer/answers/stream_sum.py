"""The residual stream at one token as a sum: what every part wrote, how long that is, and what it adds to one logit.

L layers, H heads. A layer's parts are its heads, the bias of its attention, which belongs to none, and its MLP.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from explorer.answers.lens import labels_by_id, pinned_ids
from explorer.catalogue import catalogue
from explorer.store.services import Services
from explorer.store.traces import RunKey
from explorer.wording.numbers import fixed, signed
from gpt2core.analysis import LogitAttribution, attention_bias, direct_logit_attribution, head_outputs
from gpt2core.errors import InvalidSetting

say = catalogue("block")

SITES = ("tok_emb", "pos_emb", "z", "mlp_out", "ln_final_var", "logits")
MEASURES = ("logit", "size")


@dataclass(frozen=True, eq=False)
class StreamSum:
    """logit: the attribution of the chosen token's. sizes [L, H + 2]: lengths of what each part wrote, in the order of `part_names`.
    token_size, position_size: of the two embeddings. token: as it is shown."""

    token: str
    logit: LogitAttribution
    sizes: Tensor
    token_size: float
    position_size: float

    @property
    def parts(self) -> Tensor:
        """What each part adds to the logit, [L, H + 2]."""
        one = self.logit
        return torch.cat([one.heads, one.attention_biases.unsqueeze(1), one.mlps.unsqueeze(1)], 1)


@torch.no_grad()
def sum_of(services: Services, run: RunKey, position: int, chosen: Any) -> StreamSum:
    """chosen: a token as a person writes it, "" for the model's first guess. Raises: InvalidSetting, and what a pass raises."""
    model, tokenizer = services.models.get(run.model).model, services.models.tokenizer(run.model)
    seen = services.traces.get(run, SITES)
    ids = pinned_ids(chosen, tokenizer, model.config.vocab_size)
    if len(ids) > 1:
        raise InvalidSetting(say("one_token_only", n=len(ids)))
    token_id = ids[0] if ids else int(seen["logits"][position].argmax())
    rows = []
    for layer in range(model.config.n_layers):
        heads = head_outputs(seen, model, layer, position).norm(dim=-1)  # [H]
        rest = torch.stack([attention_bias(model, layer).norm(), seen["mlp_out", layer][position].norm()])
        rows.append(torch.cat([heads, rest]))
    return StreamSum(
        labels_by_id([token_id], tokenizer)[token_id].text,
        direct_logit_attribution(seen, model, token_id, position),
        torch.stack(rows),
        float(seen["tok_emb"][position].norm()),
        float(seen["pos_emb"][position].norm()),
    )


def part_names(n_heads: int) -> list[str]:
    return [*(say("part_head", head=head) for head in range(n_heads)), say("part_bias"), say("part_mlp")]


def sum_in_words(found: StreamSum, measure: str) -> str:
    one = found.logit
    if measure == "size":
        return say("sizes_in_words", token_size=fixed(found.token_size, 2), position_size=fixed(found.position_size, 2))
    edits = say("sum_edits", edits=signed(one.edits)) if abs(one.edits) > 1e-3 else ""
    return say(
        "sum_in_words",
        token=found.token,
        logit=fixed(one.logit, 2),
        embedding=signed(one.token),
        position=signed(one.position),
        heads=signed(float(one.heads.sum())),
        biases=signed(float(one.attention_biases.sum())),
        mlps=signed(float(one.mlps.sum())),
        shift=signed(one.norm_shift),
        edits=edits,
    )


def steps_of(found: StreamSum) -> list[tuple[str, float]]:
    """The logit as it builds up, a step for each embedding, attention and MLP, in the order of the pass, the final norm's shift last."""
    one = found.logit
    steps = [(say("shared_token"), one.token), (say("shared_position"), one.position)]
    for layer in range(len(one.mlps)):
        attention = float(one.heads[layer].sum() + one.attention_biases[layer])
        steps += [
            (say("step_attention", layer=layer), attention),
            (say("step_mlp", layer=layer), float(one.mlps[layer])),
        ]
    steps.append((say("step_shift"), one.norm_shift))
    return [*steps, (say("step_edits"), one.edits)] if abs(one.edits) > 1e-3 else steps


def checked_measure(measure: Any) -> str:
    """Raises: InvalidSetting."""
    if not isinstance(measure, str) or measure not in MEASURES:
        raise InvalidSetting(say("bad_measure"))
    return measure
