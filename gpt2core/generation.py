"""Text one token at a time, with the keys and values of past tokens kept.

B batch, T tokens, P tokens cached, H heads, D head width, V vocabulary.
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
from gpt2core.sampling import Pipeline, SamplingSettings, draw, falling_order, gumbel_noise, pipeline


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


@dataclass(frozen=True, eq=False)
class Step:
    """One token chosen. probability: after the filters; logits: all V of the model, before them; choice: what lies between."""

    position: int
    token_id: int
    probability: float
    logits: Tensor
    choice: Pipeline

    @property
    def log_probability(self) -> float:
        """ln of the probability that the model itself gave, before penalty, temperature and filters, in nats."""
        return float(torch.log_softmax(self.logits.double(), -1)[self.token_id])


@dataclass(frozen=True)
class Alternative:
    """A token that could come at some place.

    probability: that it is drawn, so 0 once the filters have removed it. log_probability (nats) and rank (1 is the likeliest,
    the lowest id first among equals) are the model's own, before penalty, temperature and filters.
    """

    token_id: int
    probability: float
    log_probability: float
    rank: int


def alternatives(step: Step, n: int) -> list[Alternative]:
    """The n tokens likeliest to be drawn, then those removed in the same order, and the chosen one if it is not among them."""
    order = falling_order(step.choice["repetition_penalty"].logits)[:n].tolist()
    own = torch.log_softmax(step.logits.double(), -1)
    return [
        Alternative(token_id, float(step.choice.probabilities[token_id]), float(own[token_id]), _rank(own, token_id))
        for token_id in [*order, *([] if step.token_id in order else [step.token_id])]
    ]


def _rank(values: Tensor, token_id: int) -> int:
    mine = values[token_id]
    return int((values > mine).sum() + (values[:token_id] == mine).sum()) + 1


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
    repetition_penalty: float = 1.0,
    seed: int | None = None,
    stop_ids: Sequence[int] = (),
) -> Iterator[Step]:
    """Yield a Step a token, the next one drawn after the last was read; stop after a token of `stop_ids`.

    The same seed, prompt and settings give the same tokens; without a seed each call draws its own. The luck of a place depends
    on the seed and the place alone, so a text taken up again from any of its tokens goes on as it did. Past context_length
    the window slides: the last context_length tokens are read afresh, for their positions all change.
    Raises: EmptyPrompt, TokenOutOfRange, InvalidSetting, NotFinite.
    """
    check_token_ids(token_ids, model.config.vocab_size)
    if max_new_tokens < 0:
        raise InvalidSetting(f"max_new_tokens is {max_new_tokens}; choose 0 or more.")
    settings = SamplingSettings(temperature, top_k, top_p, min_p, repetition_penalty)
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
                read = model.before_head(torch.tensor([context[-limit:]], device=weight.device))
            else:
                unread = torch.tensor([context[cache.length :]], device=weight.device)
                read = model.before_head(unread, cache=cache)
            logits = model.out_head(read[:, -1:])[0, 0]  # [V]; those of the prompt's other tokens would go unused
            choice = pipeline(logits, settings, context)
            greedy = settings.temperature == 0  # one token is left, which no luck could change
            luck = torch.zeros(()) if greedy else gumbel_noise(logits.numel(), seed, len(context))
            token_id = draw(choice.logits.cpu(), luck)
            probability = float(choice.probabilities[token_id])
        yield Step(len(context), token_id, probability, logits, choice)
        if token_id in stop_ids:
            return
        context.append(token_id)
