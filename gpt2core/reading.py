"""Texts that grow, read by a model: keys and values of past tokens are kept wherever that changes nothing.

B texts, T tokens each, P tokens cached, N rows asked for, H heads, D head width, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from gpt2core.config import GPTConfig
from gpt2core.edits import Edit, EditedPass, all_causal
from gpt2core.errors import EmptyPrompt, NotFinite, TokenOutOfRange
from gpt2core.model import GPTModel, evaluating


class KVCache:
    """Keys and values of P tokens a layer, in buffers taken once: [B, H, context_length, D] each."""

    def __init__(self, config: GPTConfig, dtype: torch.dtype, device: torch.device, batch_size: int = 1) -> None:
        shape = (config.n_layers, batch_size, config.n_heads, config.context_length, config.head_dim)
        self._k, self._v = (torch.empty(shape, dtype=dtype, device=device) for _ in range(2))
        self._last_layer = config.n_layers - 1
        self.length = 0

    def extend(self, layer: int, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        """Append [B, H, T, D] and return all: [B, H, P + T, D]. `length` grows once the last layer has written.

        One row read on behalf of all B, as a prompt that beams share, is written to each and returned once.
        """
        end = self.length + k.size(2)
        self._k[layer, :, :, self.length : end] = k
        self._v[layer, :, :, self.length : end] = v
        if layer == self._last_layer:
            self.length = end
        return self._k[layer, : k.size(0), :, :end], self._v[layer, : v.size(0), :, :end]

    def reorder(self, rows: Sequence[int]) -> None:
        """Row i becomes what row rows[i] was."""
        if list(rows) != list(range(len(rows))):
            for buffer in (self._k, self._v):
                buffer[:, : len(rows), :, : self.length] = buffer[:, list(rows), :, : self.length]


class Reader:
    """Texts that grow by a token at a time, and the model's memory of them.

    One row until `advance` makes several of it, n_texts at most. Past context_length the window slides: the last
    context_length tokens are read afresh, for their positions all change. Under an edit that is not causal everything is read
    afresh as well, for what earlier tokens left behind changes with each new one. Either way the logits are those of
    trace(model, text[-context_length:], edits=edits): the places that edits name are places in what is read.
    """

    def __init__(
        self, model: GPTModel, token_ids: Sequence[int], n_texts: int = 1, *, edits: Sequence[Edit] = ()
    ) -> None:
        weight = model.tok_emb.weight
        self.model, self.edits = model, tuple(edits)
        self.texts = torch.tensor([list(token_ids)], device=weight.device)  # [B, T]
        self.cache = (
            KVCache(model.config, weight.dtype, weight.device, batch_size=n_texts) if all_causal(edits) else None
        )

    def next_logits(self) -> Tensor:
        """Of every next token after every text. [B, V] Raises: InvalidEdit, and NotFinite under edits."""
        limit = self.model.config.context_length
        if self.cache is None or self.texts.size(1) > limit:
            return read_logits(self.model, self.texts[:, -limit:], edits=self.edits)[:, 0]
        return read_logits(self.model, self.texts[:, self.cache.length :], edits=self.edits, cache=self.cache)[:, 0]

    def advance(self, rows: Sequence[int], token_ids: Sequence[int]) -> None:
        """Text i becomes the old text rows[i] followed by token_ids[i]."""
        grown = torch.tensor(token_ids, device=self.texts.device).unsqueeze(1)
        self.texts = torch.cat([self.texts[list(rows)], grown], 1)
        if self.cache is not None:
            self.cache.reorder(rows)


def read_logits(
    model: GPTModel,
    token_ids: Tensor,
    n_rows: int = 1,
    *,
    edits: Sequence[Edit] = (),
    cache: KVCache | None = None,
    ahead: int = 0,
) -> Tensor:
    """The logits after each of the last n_rows tokens, the others never multiplied by the vocabulary. [B, T] -> [B, N, V]

    cache: for causal edits only. ahead: how many tokens of the text are not read yet, which edits may name.
    Raises: PromptTooLong, InvalidEdit, and NotFinite under edits; unedited logits are not looked at.
    """
    with evaluating(model):
        if not edits:
            return model.out_head(model.before_head(token_ids, cache=cache)[:, -n_rows:])
        change = EditedPass(edits, model.config, 0 if cache is None else cache.length, ahead)
        if any("logits" in edit.sites for edit in edits):  # which may look at all of them
            logits = model(token_ids, change, cache)[:, -n_rows:]
        else:
            logits = model.out_head(model.before_head(token_ids, change, cache)[:, -n_rows:])
    check_finite(logits, edits)
    return logits


def check_finite(logits: Tensor, edits: Sequence[Edit] = ()) -> None:
    """Raises: NotFinite, which blames the edits where there are any."""
    if bool(logits.sum(-1).isfinite().all()):  # one bad logit spoils its sum, and a sum is quick
        return
    if edits:
        raise NotFinite("The model's logits are not finite numbers under these edits. Take one of them away.")
    raise NotFinite("The model's logits are not finite numbers. Its weights are damaged; load the model again.")


def check_token_ids(token_ids: Sequence[int], vocab_size: int) -> None:
    """Raises: EmptyPrompt, TokenOutOfRange."""
    if not len(token_ids):
        raise EmptyPrompt
    for token_id in token_ids:
        if not 0 <= token_id < vocab_size:
            raise TokenOutOfRange(token_id, vocab_size)
