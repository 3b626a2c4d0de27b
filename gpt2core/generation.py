"""Text one token at a time, with the keys and values of past tokens kept.

B batch (1 here), T tokens, P tokens cached, H heads, D head width, V vocabulary.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from gpt2core.config import GPTConfig
from gpt2core.errors import EmptyPrompt, InvalidSetting, TokenOutOfRange
from gpt2core.model import GPTModel, evaluating
from gpt2core.sampling import SamplingSettings, draw, filtered_logits, gumbel_noise


class KVCache:
    """Keys and values of P tokens a layer, in buffers taken once: [1, H, context_length, D] each."""

    def __init__(self, config: GPTConfig, dtype: torch.dtype, device: torch.device) -> None:
        shape = (config.n_layers, 1, config.n_heads, config.context_length, config.head_dim)
        self._k, self._v = (torch.empty(shape, dtype=dtype, device=device) for _ in range(2))
        self._last_layer = config.n_layers - 1
        self.length = 0

    def extend(self, layer: int, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        """Append [1, H, T, D] and return all: [1, H, P + T, D]. `length` grows once the last layer has written."""
        end = self.length + k.size(2)
        self._k[layer, :, :, self.length : end] = k
        self._v[layer, :, :, self.length : end] = v
        if layer == self._last_layer:
            self.length = end
        return self._k[layer, :, :, :end], self._v[layer, :, :, :end]


@dataclass(frozen=True)
class Step:
    """One token chosen. probability: after the filters; logits: all V of the model, before them."""

    position: int
    token_id: int
    probability: float
    logits: Tensor


def check_token_ids(token_ids: Sequence[int], vocab_size: int) -> None:
    """Raises: EmptyPrompt, TokenOutOfRange."""
    if not len(token_ids):
        raise EmptyPrompt
    for token_id in token_ids:
        if not 0 <= token_id < vocab_size:
            raise TokenOutOfRange(token_id, vocab_size)


def generate(
    model: GPTModel,
    token_ids: Sequence[int],
    max_new_tokens: int,
    *,
    temperature: float = 1.0,
    top_k: int = 0,
    top_p: float = 1.0,
    min_p: float = 0.0,
    seed: int | None = None,
    stop_ids: Sequence[int] = (),
) -> Iterator[Step]:
    """Yield a Step a token, the next one drawn after the last was read; stop after a token of `stop_ids`.

    The same seed, prompt and settings give the same tokens; without a seed each call draws its own. Past context_length
    the window slides: the last context_length tokens are read afresh, for their positions all change.
    Raises: EmptyPrompt, TokenOutOfRange, InvalidSetting, NotFinite.
    """
    check_token_ids(token_ids, model.config.vocab_size)
    if max_new_tokens < 0:
        raise InvalidSetting(f"max_new_tokens is {max_new_tokens}; choose 0 or more.")
    settings = SamplingSettings(temperature, top_k, top_p, min_p)
    return _steps(
        model,
        list(token_ids),
        max_new_tokens,
        settings,
        secrets.randbits(31) if seed is None else int(seed),
        frozenset(stop_ids),
    )


def _steps(
    model: GPTModel,
    context: list[int],
    max_new_tokens: int,
    settings: SamplingSettings,
    seed: int,
    stop_ids: frozenset[int],
) -> Iterator[Step]:
    limit = model.config.context_length
    weight = model.tok_emb.weight
    cache = KVCache(model.config, weight.dtype, weight.device)
    for _ in range(max_new_tokens):
        with evaluating(model):
            if len(context) > limit:  # every position shifts, so nothing cached holds
                window = torch.tensor([context[-limit:]], device=weight.device)
                logits = model(window)[0, -1]
            else:
                unread = torch.tensor([context[cache.length :]], device=weight.device)
                logits = model(unread, cache=cache)[0, -1]  # [V]
            kept = filtered_logits(logits, settings)
            token_id = draw(kept.cpu(), gumbel_noise(kept.numel(), seed, len(context)))
            probability = float(torch.softmax(kept, -1)[token_id])
        yield Step(len(context), token_id, probability, logits)
        if token_id in stop_ids:
            return
        context.append(token_id)
