"""Which parts of a model matter on one sentence: every head and every MLP switched off in turn, and what that costs.

T tokens, V vocabulary, C model width. Losses and divergences are in nats.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional as F

from gpt2core.config import GPTConfig
from gpt2core.edits import Edit, EditedPass, all_causal, mean_head, mean_mlp, zero_head, zero_mlp
from gpt2core.errors import InvalidSetting, NotFinite, TokenOutOfRange
from gpt2core.model import GPTModel, Tap, evaluating
from gpt2core.ranges import is_whole, shown
from gpt2core.reading import check_finite, check_token_ids

How = Literal["zero", "mean"]
Part = tuple[int, int | None]  # layer, head; None: the MLP


@dataclass(frozen=True)
class AblationCost:
    """What one part switched off costs. layer, head: which, head None for the MLP. edit: how it was switched off.

    loss_before, loss: of the sentence, mean nats a token, without and with it; None for a single token, and where the pass is not
    causal, as under a mean over the text: there a token may have been seen before it was told. guess_before: the likeliest next token
    at the position asked for; share_before, share: its share before and after. guess: the likeliest afterwards. kl: how far the
    next token's distribution has moved, D(before || after). refusal: why there are no numbers afterwards, which are None then.
    """

    layer: int
    head: int | None
    edit: Edit
    loss_before: float | None
    loss: float | None
    guess_before: int
    share_before: float
    share: float | None
    guess: int | None
    kl: float | None
    refusal: NotFinite | None = None

    @property
    def rise(self) -> float | None:
        """How much the loss rises, in nats a token; None where there is none to compare."""
        return None if self.loss is None or self.loss_before is None else self.loss - self.loss_before


def all_parts(config: GPTConfig) -> list[Part]:
    """Layer by layer, its heads and then its MLP."""
    return [(layer, head) for layer in range(config.n_layers) for head in (*range(config.n_heads), None)]


def switched_off(part: Part, how: How = "zero") -> Edit:
    """The edit that lets a part write nothing, or at every position its mean over the text."""
    layer, head = part
    if head is None:
        return zero_mlp(layer) if how == "zero" else mean_mlp(layer)
    return zero_head(layer, head) if how == "zero" else mean_head(layer, head)


def ablation_costs(
    model: GPTModel,
    token_ids: Sequence[int],
    parts: Sequence[Part] | None = None,
    edits: Sequence[Edit] = (),
    how: How = "zero",
    position: int = -1,
) -> Iterator[AblationCost]:
    """Switch each of `parts` (all of them if None) off, one at a time and after `edits`, and tell what it costs, in their order.

    The numbers are those of trace(model, token_ids, edits=[*edits, switched_off(part, how)]). What lies before the part is as it was, so each pass
    begins at the part's layer with the stream that the first pass had there. A part without which the numbers overflow says so, and the
    next one follows. position: after which token the next one is foretold; -1 is the last.
    Raises, before the first: EmptyPrompt, TokenOutOfRange, InvalidSetting, UnknownSite; with the first: PromptTooLong, InvalidEdit,
    and NotFinite where the model's logits are no numbers though nothing is switched off.
    """
    check_token_ids(token_ids, model.config.vocab_size)
    if how not in ("zero", "mean"):
        raise InvalidSetting("A part is switched off to {how}; choose 'zero' or 'mean'.", how=shown(how))
    _check_position(position, len(token_ids))
    chosen = all_parts(model.config) if parts is None else list(parts)
    for part in chosen:
        _check_part(part, model.config)
    EditedPass(edits, model.config)  # refuses a layer or site that is not there
    return _costs(model, tuple(token_ids), chosen, tuple(edits), how, position)


def _costs(
    model: GPTModel, token_ids: tuple[int, ...], parts: list[Part], edits: tuple[Edit, ...], how: How, position: int
) -> Iterator[AblationCost]:
    streams, logits = _first_pass(model, token_ids, edits)
    before = torch.log_softmax(logits[position].double(), -1)  # [V]
    guess = int(before.argmax())
    share = float(before[guess].exp())
    loss = _loss(logits, token_ids, edits)
    for layer, head in parts:
        edit = switched_off((layer, head), how)
        try:
            logits = _pass_from(model, streams[layer], layer, (*edits, edit))
        except NotFinite as refusal:
            yield AblationCost(layer, head, edit, loss, None, guess, share, None, None, None, refusal)
            continue
        after = torch.log_softmax(logits[position].double(), -1)
        yield AblationCost(
            layer,
            head,
            edit,
            loss,
            _loss(logits, token_ids, (*edits, edit)),
            guess,
            share,
            float(after[guess].exp()),
            int(after.argmax()),
            _divergence(before, after),
        )


@dataclass(frozen=True, eq=False)
class WithoutHead:
    """What becomes of some tokens' logits when one head is switched off: logits [n], in the order asked for. None where the numbers
    overflow, as refusal says."""

    layer: int
    head: int
    logits: Tensor | None
    refusal: NotFinite | None = None


def logits_without_heads(
    model: GPTModel,
    token_ids: Sequence[int],
    asked: Sequence[int],
    edits: Sequence[Edit] = (),
    position: int = -1,
    heads: Sequence[tuple[int, int]] | None = None,
) -> Iterator[WithoutHead]:
    """Switch each of `heads` off (layer and head; all of them if None), one at a time and after `edits`: the logits of the tokens `asked`
    after `position`.

    The numbers are those of trace(model, token_ids, edits=[*edits, zero_head(layer, head)]); each pass begins at the head's layer.
    Raises: as ablation_costs, and TokenOutOfRange for a token asked for.
    """
    check_token_ids(token_ids, model.config.vocab_size)
    for token_id in asked:
        if not 0 <= token_id < model.config.vocab_size:
            raise TokenOutOfRange(token_id, model.config.vocab_size)
    _check_position(position, len(token_ids))
    every = [(layer, head) for layer, head in all_parts(model.config) if head is not None]
    chosen = every if heads is None else list(heads)
    for part in chosen:
        _check_part(part, model.config)
    EditedPass(edits, model.config)
    return _without_heads(model, tuple(token_ids), list(asked), tuple(edits), position % len(token_ids), chosen)


def _without_heads(
    model: GPTModel,
    token_ids: tuple[int, ...],
    asked: list[int],
    edits: tuple[Edit, ...],
    position: int,
    heads: list[tuple[int, int]],
) -> Iterator[WithoutHead]:
    streams, _ = _first_pass(model, token_ids, edits)
    only = None if edits else position  # an edit may act on what follows the layers, where it counts positions
    for layer, head in heads:
        try:
            logits = _pass_from(model, streams[layer], layer, (*edits, zero_head(layer, head)), only)
        except NotFinite as refusal:
            yield WithoutHead(layer, head, None, refusal)
            continue
        yield WithoutHead(layer, head, logits[position if only is None else 0, asked])


def _first_pass(model: GPTModel, token_ids: tuple[int, ...], edits: Sequence[Edit]) -> tuple[dict[int, Tensor], Tensor]:
    """The stream before each layer, [1, T, C], as it was before an edit of the stream itself; and the logits, [T, V]."""
    tap = _Streams(edits, model.config)
    with evaluating(model):
        logits = model(torch.tensor([token_ids], device=model.tok_emb.weight.device), tap)[0]
    check_finite(logits, edits)
    return tap.streams, logits


class _Streams(EditedPass):
    """Keeps the stream before each layer besides."""

    def __init__(self, edits: Sequence[Edit], config: GPTConfig) -> None:
        super().__init__(edits, config)
        self.streams: dict[int, Tensor] = {}

    def __call__(self, site: str, layer: int | None, value: Tensor) -> Tensor:
        if site == "resid_pre" and layer is not None:
            self.streams[layer] = value
        return super().__call__(site, layer, value)


def _pass_from(model: GPTModel, stream: Tensor, first: int, edits: Sequence[Edit], only: int | None = None) -> Tensor:
    """The rest of a pass, from the stream [1, T, C] before layer `first`: the logits, [T, V]. only: those of this position, [1, V].
    Raises: NotFinite."""
    tap: Tap = EditedPass(edits, model.config)
    with evaluating(model):
        for layer in range(first, model.config.n_layers):
            stream = model.trf_blocks[layer](stream, layer, tap)
        stream = stream if only is None else stream[:, only : only + 1]
        logits = tap("logits", None, model.out_head(model.final_norm(stream, tap, "ln_final")))[0]
    check_finite(logits, edits)
    return logits


def _divergence(before: Tensor, after: Tensor) -> float:
    """Kullback and Leibler's, of two distributions given as ln p, [V] each: finite, however small a share has become."""
    return max(0.0, float(F.kl_div(after, before, reduction="sum", log_target=True)))


def _loss(logits: Tensor, token_ids: tuple[int, ...], edits: Sequence[Edit]) -> float | None:
    if len(token_ids) < 2 or not all_causal(edits):
        return None
    return float(F.cross_entropy(logits[:-1], torch.tensor(token_ids[1:], device=logits.device)))


def _check_position(position: int, n_tokens: int) -> None:
    if not is_whole(position) or not -n_tokens <= position < n_tokens:
        raise InvalidSetting(
            "There is no position {position}; this text's tokens are at 0 to {last}.",
            position=shown(position),
            last=n_tokens - 1,
        )


def _check_part(part: Part, config: GPTConfig) -> None:
    layer, head = part
    if not is_whole(layer) or not 0 <= layer < config.n_layers:
        raise InvalidSetting(
            "There is no layer {layer}; this model's layers are 0 to {last}.",
            layer=shown(layer),
            last=config.n_layers - 1,
        )
    if head is not None and not (is_whole(head) and 0 <= head < config.n_heads):
        raise InvalidSetting(
            "There is no head {head}; each layer's heads are 0 to {last}.", head=shown(head), last=config.n_heads - 1
        )
