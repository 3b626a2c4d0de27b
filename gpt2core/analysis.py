"""What a trace says about the model: pure functions of (trace, model), none of which runs the model again.

T tokens, H heads, D head width, C model width, V vocabulary, L layers. Losses and entropies are in nats.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn import functional as F

from gpt2core.errors import InvalidSetting, TokenOutOfRange
from gpt2core.model import GPTModel, MultiHeadAttention
from gpt2core.ranges import checked_seed
from gpt2core.trace import Trace


@torch.no_grad()
def logit_lens(
    trace: Trace,
    model: GPTModel,
    layer: int,
    site: str = "resid_post",
    positions: Sequence[int] | None = None,
) -> Tensor:
    """What the model would predict if it stopped after `layer`.

    Shapes: `site` of `layer` [T, C] -> logits [T, V] (unnormalised). site: resid_pre, resid_mid or resid_post. positions: those
    rows only, [n, V], in their order; nothing is computed for the others. -1 is the last.
    Applies the final norm here, once: the stream must not already be normalised.
    Raises: MissingActivation, InvalidSetting.
    Source: nostalgebraist, "interpreting GPT: the logit lens", 2020.
    """
    if site not in ("resid_pre", "resid_mid", "resid_post"):
        raise InvalidSetting(
            "The logit lens reads the residual stream, not {site}. Choose resid_pre, resid_mid or resid_post.",
            site=site,
        )
    check_same_shape(trace, model)
    stream = trace[site, layer]
    if positions is not None:
        stream = stream[[checked_position(trace, position) for position in positions]]  # [n, C]
    return model.out_head(model.final_norm(stream))


@dataclass(frozen=True)
class LogitAttribution:
    """How one logit came about: a sum of what each part of the model wrote, read through the final norm of that position.

    token, position: of the two embeddings. heads [L, H], attention_biases [L] (the output bias belongs to no head),
    mlps [L] (bias included), norm_shift: the final norm's shift. edits: what edits put in besides; 0 for an unedited
    trace. logit: as traced; the parts sum to it but for rounding.
    """

    token: float
    position: float
    heads: Tensor
    attention_biases: Tensor
    mlps: Tensor
    norm_shift: float
    edits: float
    logit: float

    def total(self) -> float:
        parts = (self.heads.sum(), self.attention_biases.sum(), self.mlps.sum())
        return self.token + self.position + sum(float(part) for part in parts) + self.norm_shift + self.edits


@torch.no_grad()
def direct_logit_attribution(trace: Trace, model: GPTModel, token_id: int, position: int = -1) -> LogitAttribution:
    """The logit of `token_id` at `position`, split by who wrote it.

    The final norm's division is frozen at what it was in the trace, which makes it linear: each part is centred, divided,
    stretched, and multiplied by the token's output row. Direct: what a part did to later parts is counted as theirs.
    Needs the sites tok_emb, pos_emb, z, mlp_out, ln_final_var, logits.
    Raises: MissingActivation, TokenOutOfRange, InvalidSetting for a position that is not there.
    Source: Elhage et al., "A Mathematical Framework for Transformer Circuits", 2021.
    """
    check_same_shape(trace, model)
    config, t = trace.config, checked_position(trace, position)
    if not 0 <= token_id < config.vocab_size:
        raise TokenOutOfRange(token_id, config.vocab_size)
    row = model.out_head.weight[token_id]  # [C]
    reading = model.final_norm.scale * row * torch.rsqrt(trace["ln_final_var"][t] + config.norm_eps)
    reading = reading - reading.mean()  # centring what is read is centring the reader

    heads, biases, mlps = [], [], []
    for layer in range(config.n_layers):
        heads.append(_per_head_output(trace, model, layer, t) @ reading)  # [H]
        biases.append(_attention(model, layer).out_proj.bias @ reading)
        mlps.append(trace["mlp_out", layer][t] @ reading)
    logit = float(trace["logits"][t, token_id])
    parts = LogitAttribution(
        token=float(trace["tok_emb"][t] @ reading),
        position=float(trace["pos_emb"][t] @ reading),
        heads=torch.stack(heads),
        attention_biases=torch.stack(biases),
        mlps=torch.stack(mlps),
        norm_shift=float(model.final_norm.shift @ row),
        edits=0.0,
        logit=logit,
    )
    return replace(parts, edits=logit - parts.total()) if trace.edits else parts


@torch.no_grad()
def head_logits(trace: Trace, model: GPTModel, layer: int, head: int, position: int = -1) -> Tensor:
    """What one head's output at `position` adds to the logit of every token, directly: [V], in logits.

    The head's output [C], read as direct_logit_attribution reads it: centred, divided by what the final norm divided by in the trace,
    stretched, and multiplied by every token's output row; entry v is that function's heads[layer, head] for token v. The same amount
    on all tokens changes no share. Needs the sites z, ln_final_var.
    Raises: MissingActivation, InvalidSetting for a head or position that is not there.
    """
    check_same_shape(trace, model)
    config, t = trace.config, checked_position(trace, position)
    if not 0 <= head < config.n_heads:
        raise InvalidSetting(
            "There is no head {head}; each layer's heads are 0 to {last}.", head=head, last=config.n_heads - 1
        )
    written = _per_head_output(trace, model, layer, t)[head]  # [C]
    divided = (written - written.mean()) * torch.rsqrt(trace["ln_final_var"][t] + config.norm_eps)
    return model.out_head.weight @ (divided * model.final_norm.scale)


@torch.no_grad()
def head_outputs(trace: Trace, model: GPTModel, layer: int, position: int | None = None) -> Tensor:
    """What each head of `layer` writes to the stream. z [H, T, D] -> [H, T, C], or [H, C] at one position; their sum and out_proj's
    bias are attn_out. Raises: MissingActivation; InvalidSetting for a position that is not there."""
    check_same_shape(trace, model)
    return _per_head_output(trace, model, layer, None if position is None else checked_position(trace, position))


@torch.no_grad()
def attention_bias(model: GPTModel, layer: int) -> Tensor:
    """What attention writes at every position whatever it reads, and no head owns: [C]."""
    return _attention(model, layer).out_proj.bias.detach()


@torch.no_grad()
def value_weighted_attention(trace: Trace, model: GPTModel, layer: int) -> Tensor:
    """How much each query really takes from each key: weight times the length of what the key's value writes. [H, T, T]

    In units of the stream's length, so rows do not sum to 1; a key with a large weight and a tiny value counts little.
    Source: Kobayashi et al., "Attention is Not Only a Weight", 2020.
    """
    check_same_shape(trace, model)
    written = trace["v", layer] @ _output_maps(_attention(model, layer), trace.config.n_heads).mT  # [H, T, C]
    return trace["pattern", layer] * written.norm(dim=-1).unsqueeze(1)


def attention_entropy(trace: Trace, layer: int) -> Tensor:
    """How widely each query spreads its attention, in nats: [H, T].

    0: all on one key; ln n: evenly over n keys. exp of it is the number of keys it amounts to.
    """
    return torch.special.entr(trace["pattern", layer]).sum(-1)


def previous_token_scores(trace: Trace) -> Tensor:
    """Mean attention of each head from a token to the one before it, over all tokens but the first. [L, H], 0 to 1."""
    return _mean_weight(trace, offset=1, first_query=1)


def first_token_scores(trace: Trace) -> Tensor:
    """Mean attention of each head to the first token, over all tokens but the first. [L, H], 0 to 1."""
    _needs_two_tokens(trace)
    return trace.stacked("pattern")[:, :, 1:, 0].mean(-1)


def repeated_tokens(vocab_size: int, period: int, seed: int = 0) -> tuple[int, ...]:
    """`period` different random ids, twice over: nothing but the repetition makes the second half predictable."""
    if not 2 <= period <= vocab_size:
        raise InvalidSetting(
            "The period is {period}; choose 2 to {vocab_size:,}, one id of the vocabulary for each place.",
            period=period,
            vocab_size=vocab_size,
        )
    once = torch.randperm(vocab_size, generator=torch.Generator().manual_seed(checked_seed(seed)))[:period].tolist()
    return (*once, *once)


def induction_scores(trace: Trace) -> Tensor:
    """Mean attention of each head, in the second half of repeated_tokens, to the token after the same one's first
    appearance. [L, H], 0 to 1. A head near 1 continues what it has seen before.

    Raises: InvalidSetting if the trace's tokens are no repetition.
    Source: Olsson et al., "In-context Learning and Induction Heads", 2022.
    """
    period, odd = divmod(len(trace.token_ids), 2)
    if odd or period < 2 or trace.token_ids[:period] != trace.token_ids[period:]:
        raise InvalidSetting(
            "Induction is measured on a text repeated once. Trace repeated_tokens(vocab_size, period, seed)."
        )
    return _mean_weight(trace, offset=period - 1, first_query=period)


def token_losses(trace: Trace) -> Tensor:
    """-ln of the probability that the model gave to each next token, in nats: [T - 1], for tokens 1 to T - 1.

    exp of the mean is the text's perplexity, unless the trace is not causal: then a token may have been seen before it was
    told, and scoring.score_text predicts each from what comes before it.
    """
    _needs_two_tokens(trace)
    return F.cross_entropy(trace["logits"][:-1], _next_ids(trace), reduction="none")


def token_ranks(trace: Trace) -> Tensor:
    """The place of each next token among all V, 1 the likeliest, the lowest id first among equals: [T - 1]."""
    _needs_two_tokens(trace)
    return ranks(trace["logits"][:-1], _next_ids(trace))


def ranks(logits: Tensor, token_ids: Tensor) -> Tensor:
    """The place of token_ids[i] among all V of row i, 1 the likeliest, the lowest id first among equals. [N, V], [N] -> [N]"""
    ids = token_ids.unsqueeze(1)
    own = logits.gather(1, ids)  # [N, 1]
    before = torch.arange(logits.size(1), device=logits.device) < ids
    return 1 + ((logits > own) | ((logits == own) & before)).sum(1)


def check_same_shape(trace: Trace, model: GPTModel) -> None:
    """Raises: InvalidSetting where the trace cannot be of this model."""
    if trace.config != model.config:
        raise InvalidSetting("The trace is of a model of another size. Analyse it with the model that made it.")


def _next_ids(trace: Trace) -> Tensor:
    return torch.tensor(trace.token_ids[1:], device=trace["logits"].device)


def _mean_weight(trace: Trace, *, offset: int, first_query: int) -> Tensor:
    """Mean over queries q >= first_query of the weight on key q - offset: [L, H]."""
    _needs_two_tokens(trace)
    diagonal = trace.stacked("pattern").diagonal(
        -offset, dim1=-2, dim2=-1
    )  # [L, H, T - offset], queries from `offset` on
    return diagonal[..., first_query - offset :].mean(-1)


def _attention(model: GPTModel, layer: int) -> MultiHeadAttention:
    attention = model.trf_blocks[layer].get_submodule("att")
    assert isinstance(attention, MultiHeadAttention)
    return attention


def _output_maps(attention: MultiHeadAttention, n_heads: int) -> Tensor:
    """The output projection cut by head: [C, C] -> [H, C, D]."""
    C = attention.out_proj.weight.size(0)
    return attention.out_proj.weight.view(C, n_heads, -1).transpose(0, 1)


def _per_head_output(trace: Trace, model: GPTModel, layer: int, position: int | None = None) -> Tensor:
    """[H, T, C], or [H, C] at one position."""
    z = trace["z", layer]
    maps = _output_maps(_attention(model, layer), trace.config.n_heads)
    if position is None:
        return z @ maps.mT
    return (maps @ z[:, position].unsqueeze(-1)).squeeze(-1)


def checked_position(trace: Trace, position: int) -> int:
    """The same counted from the front, as -1 is the last. Raises: InvalidSetting for one that is not there."""
    T = len(trace.token_ids)
    if not -T <= position < T:
        raise InvalidSetting(
            "There is no position {position}; this text's tokens are at 0 to {last}.", position=position, last=T - 1
        )
    return position % T


def _needs_two_tokens(trace: Trace) -> None:
    if len(trace.token_ids) < 2:
        raise InvalidSetting("This is measured from one token to another. Give a text of at least two tokens.")
