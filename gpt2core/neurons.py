"""Single neurons of an MLP: which are strong at a token, what each says to the vocabulary, what each adds to a logit.

T tokens, C model width, V vocabulary, n neurons that are looked at. A layer has 4C neurons.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from gpt2core.analysis import check_same_shape
from gpt2core.errors import InvalidSetting, TokenOutOfRange
from gpt2core.model import FeedForward, GPTModel
from gpt2core.ranges import is_whole, shown
from gpt2core.trace import Trace

NEURON_SITES = frozenset({"mlp_pre", "mlp_post", "ln_final_var", "logits"})


@dataclass(frozen=True, eq=False)
class StrongNeurons:
    """The strongest neurons of one MLP at one token, the strongest first.

    neurons [n]: their numbers. before, after [n]: GELU, `after` as the pass used it. computed [n]: what GELU gave, also where an edit
    replaced it. strengths [n]: |computed| times the length of what the neuron writes where it is 1, in units of the stream's length.
    total: the sum of the strengths of all 4C. By `computed`, so that a neuron that is switched off keeps its place.
    """

    neurons: tuple[int, ...]
    before: Tensor
    computed: Tensor
    after: Tensor
    strengths: Tensor
    total: float


@torch.no_grad()
def strongest_neurons(trace: Trace, model: GPTModel, layer: int, position: int = -1, n: int = 8) -> StrongNeurons:
    """The n strongest (all 4C where there are fewer). Needs the sites mlp_pre and mlp_post.

    Strong is what writes much into the stream here, which need not be what changes the answer most: see `added_to_logit`.
    Raises: MissingActivation; InvalidSetting for a position that is not there, or n below 1.
    Source: Geva et al., "Transformer Feed-Forward Layers Build Predictions by Promoting Concepts in the Vocabulary Space", 2022.
    """
    check_same_shape(trace, model)
    T = len(trace.token_ids)
    if not is_whole(position) or not -T <= position < T:
        raise InvalidSetting(
            "There is no position {position}; this text's tokens are at 0 to {last}.",
            position=shown(position),
            last=T - 1,
        )
    if not is_whole(n) or n < 1:
        raise InvalidSetting("{n} neurons are asked for; ask for at least 1.", n=shown(n))
    after = trace["mlp_post", layer][position]  # [4C]
    replaced = trace.replaced.get(("mlp_post", layer))
    computed = after if replaced is None else replaced.before[position]
    strengths = computed.abs() * written_by_neurons(model, layer).norm(dim=-1)  # [4C]
    most = strengths.topk(min(n, len(strengths)))
    at = most.indices
    return StrongNeurons(
        tuple(at.tolist()),
        trace["mlp_pre", layer][position, at],
        computed[at],
        after[at],
        most.values,
        float(strengths.sum()),
    )


@torch.no_grad()
def written_by_neurons(model: GPTModel, layer: int, neurons: Sequence[int] | None = None) -> Tensor:
    """What each neuron adds to the stream where its activation is 1: [n, C], all 4C if None. Raises: InvalidSetting."""
    if not is_whole(layer) or not 0 <= layer < model.config.n_layers:
        raise InvalidSetting(
            "There is no layer {layer}; this model's layers are 0 to {last}.",
            layer=shown(layer),
            last=model.config.n_layers - 1,
        )
    mlp = model.trf_blocks[layer].get_submodule("ff")
    assert isinstance(mlp, FeedForward)
    weight = mlp.get_submodule("layers.2").weight  # [C, 4C]
    assert isinstance(weight, Tensor)
    rows = weight.detach().T
    if neurons is None:
        return rows
    for neuron in neurons:
        if not is_whole(neuron) or not 0 <= neuron < len(rows):
            raise InvalidSetting(
                "There is no neuron {neuron}; each layer's neurons are 0 to {last}.",
                neuron=shown(neuron),
                last=len(rows) - 1,
            )
    return rows[list(neurons)]


@torch.no_grad()
def neuron_readings(model: GPTModel, layer: int, neurons: Sequence[int]) -> Tensor:
    """What each neuron says to every token of the vocabulary where its activation is 1: [n, V], in logits before the final norm's
    division, which depends on the token that is read.

    What it writes is centred and stretched by the final norm's scale, as all of the stream is, and multiplied by W_U. Large numbers
    are promoted, small ones suppressed; below 0 the neuron does the reverse. Raises: InvalidSetting.
    Source: Geva et al., 2022; Dar et al., "Analyzing Transformers in Embedding Space", 2023.
    """
    written = written_by_neurons(model, layer, neurons)  # [n, C]
    centred = written - written.mean(-1, keepdim=True)
    return model.out_head(centred * model.final_norm.scale)


@torch.no_grad()
def added_to_logit(
    trace: Trace, model: GPTModel, layer: int, neurons: Sequence[int], token_id: int, position: int = -1
) -> Tensor:
    """What each neuron adds to the logit of `token_id` at `position`, directly: [n].

    Its activation times its reading of that token, divided by the final norm's sqrt(variance + eps) of that position, which is frozen as in
    analysis.direct_logit_attribution; all neurons of a layer and the bias add up to that layer's `mlps`.
    Raises: MissingActivation, TokenOutOfRange, InvalidSetting.
    """
    check_same_shape(trace, model)
    if not 0 <= token_id < model.config.vocab_size:
        raise TokenOutOfRange(token_id, model.config.vocab_size)
    written = written_by_neurons(model, layer, neurons)
    centred = written - written.mean(-1, keepdim=True)
    reading = (centred * model.final_norm.scale) @ model.out_head.weight[token_id]  # [n]
    divisor = torch.sqrt(trace["ln_final_var"][position] + model.config.norm_eps)
    return trace["mlp_post", layer][position, list(neurons)] * reading / divisor
