"""How likely a model finds a text that somebody wrote: each token's probability, rank and alternatives, however long the text.

T tokens, V vocabulary, K alternatives. The first token has nothing before it and is not scored. Losses are in nats.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from gpt2core.analysis import token_losses, token_ranks
from gpt2core.errors import InvalidSetting
from gpt2core.generation import check_token_ids
from gpt2core.model import GPTModel
from gpt2core.trace import trace

# Ranks up to 10, up to 100, up to 1,000, beyond. Source: Gehrmann et al., "GLTR", 2019.
BAND_LIMITS = (10, 100, 1000)
N_ALTERNATIVES = 5


@dataclass(frozen=True, eq=False)
class TextScore:
    """Tokens 1 to n of `token_ids`, which is the text up to where it has been scored: row i tells of token i + 1.

    losses [n] float64: -ln of the probability that the model gave it. ranks [n]: its place among all V, 1 the likeliest.
    context [n]: how many tokens before it were read. alternatives, alternative_probabilities [n, K]: what the model would
    rather have read, likeliest first. n_windows: how many stretches the text was read in.
    """

    token_ids: tuple[int, ...]
    losses: Tensor
    ranks: Tensor
    context: Tensor
    alternatives: Tensor
    alternative_probabilities: Tensor
    n_windows: int

    @property
    def mean_loss(self) -> float:
        """Nats per token."""
        return float(self.losses.mean())

    @property
    def perplexity(self) -> float:
        """Among how many equally likely tokens a choice would be as uncertain."""
        return float(self.losses.mean().exp())

    def loss_per_byte(self, n_bytes: int) -> float:
        """Nats. n_bytes: of all scored tokens; comparable between vocabularies, which nats per token are not."""
        return float(self.losses.sum()) / n_bytes

    @property
    def bands(self) -> Tensor:
        """Which band of BAND_LIMITS each rank falls into. [n], 0 (the likeliest) to 3"""
        return torch.bucketize(self.ranks, torch.tensor(BAND_LIMITS))


def score_text(model: GPTModel, token_ids: Sequence[int], *, stride: int | None = None) -> TextScore:
    """The last of score_windows: the whole text."""
    return deque(score_windows(model, token_ids, stride=stride), maxlen=1).pop()


def score_windows(model: GPTModel, token_ids: Sequence[int], *, stride: int | None = None) -> Iterator[TextScore]:
    """Score a text of any length, window by window; each result covers the text so far.

    The first window reads context_length tokens and scores all but the first. Each further one scores the next `stride` tokens
    and reads context_length in all, so that every token is predicted from at least context_length - stride tokens before it.
    stride: half of context_length if None; 1 gives every token the most context there is, at a pass each.
    Raises, before the first: EmptyPrompt, TokenOutOfRange, InvalidSetting for fewer than two tokens; on the way: NotFinite.
    """
    check_token_ids(token_ids, model.config.vocab_size)
    limit = model.config.context_length
    stride = max(1, limit // 2) if stride is None else stride
    if not 1 <= stride < limit:
        raise InvalidSetting(f"The stride is {stride}; choose 1 to {limit - 1}, fewer tokens than the model reads.")
    if len(token_ids) < 2:
        raise InvalidSetting(
            "The text is a single token: there is nothing before it to predict it from. Give a text of at least two tokens."
        )
    return _windows(model, tuple(token_ids), limit, stride)


def _windows(model: GPTModel, token_ids: tuple[int, ...], limit: int, stride: int) -> Iterator[TextScore]:
    parts: list[tuple[Tensor, ...]] = []
    first = 1  # of the tokens not yet scored
    while first < len(token_ids):
        end = min(len(token_ids), limit if first == 1 else first + stride)
        begin = max(0, end - limit)
        parts.append(_scored(model, token_ids[begin:end], end - first, first - begin))
        first = end
        losses, ranks, context, best, probabilities = (torch.cat(column) for column in zip(*parts, strict=True))
        yield TextScore(token_ids[:end], losses, ranks, context, best, probabilities, len(parts))


def _scored(model: GPTModel, window: tuple[int, ...], n: int, context: int) -> tuple[Tensor, ...]:
    """The last n tokens of a window, the first of which has `context` tokens before it: the columns of a TextScore."""
    seen = trace(model, window, {"logits"})
    logits = seen["logits"][-n - 1 : -1]  # [n, V], each predicting the token after it
    best = torch.topk(logits, min(N_ALTERNATIVES, logits.size(1)))
    probabilities = (best.values.double() - logits.double().logsumexp(-1, keepdim=True)).exp()
    columns = (
        token_losses(seen)[-n:].double(),
        token_ranks(seen)[-n:],
        torch.arange(context, context + n),
        best.indices,
        probabilities,
    )
    return tuple(column.cpu() for column in columns)
