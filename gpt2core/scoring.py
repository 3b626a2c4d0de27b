"""How likely a model finds a text that somebody wrote: each token's probability, rank and alternatives, however long the text.

T tokens, V vocabulary, K alternatives. The first token has nothing before it and is not scored. Losses are in nats.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from gpt2core.analysis import ranks
from gpt2core.edits import Edit, EditedPass, all_causal
from gpt2core.errors import InvalidSetting
from gpt2core.model import GPTModel
from gpt2core.ranges import is_whole, shown
from gpt2core.reading import check_finite, check_token_ids, read_logits

# Ranks up to 10, up to 100, up to 1,000, beyond. Source: Gehrmann et al., "GLTR", 2019.
BAND_LIMITS = (10, 100, 1000)
N_ALTERNATIVES = 5
# Between two results under edits that ask for a pass a token.
N_PASSES = 16


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


def score_text(
    model: GPTModel, token_ids: Sequence[int], *, stride: int | None = None, edits: Sequence[Edit] = ()
) -> TextScore:
    """The last of score_windows: the whole text."""
    return deque(score_windows(model, token_ids, stride=stride, edits=edits), maxlen=1).pop()


def score_windows(
    model: GPTModel, token_ids: Sequence[int], *, stride: int | None = None, edits: Sequence[Edit] = ()
) -> Iterator[TextScore]:
    """Score a text of any length, window by window; each result covers the text so far.

    The first window reads context_length tokens and scores all but the first. Each further one scores the next `stride` tokens
    and reads context_length in all, so that every token is predicted from at least context_length - stride tokens before it.
    stride: half of context_length if None; 1 gives every token the most context there is, at a pass each.
    edits: the changed model scores; positions that they name are counted in each window. Under an edit that is not causal a pass
    over the window would show the model what it is to predict, so every token costs a pass over the tokens before it, and
    results come every N_PASSES tokens.
    Raises, before the first: EmptyPrompt, TokenOutOfRange, UnknownSite, InvalidSetting for fewer than two tokens; on the way:
    InvalidEdit, NotFinite.
    """
    check_token_ids(token_ids, model.config.vocab_size)
    limit = model.config.context_length
    stride = max(1, limit // 2) if stride is None else stride
    if not is_whole(stride) or not 1 <= stride < limit:
        raise InvalidSetting(
            "The stride is {stride}; choose 1 to {most}, fewer tokens than the model reads.",
            stride=shown(stride),
            most=limit - 1,
        )
    if len(token_ids) < 2:
        raise InvalidSetting(
            "The text is a single token: there is nothing before it to predict it from. Give a text of at least two tokens."
        )
    EditedPass(edits, model.config)  # refuses a layer or site that is not there
    return _windows(model, tuple(token_ids), limit, stride, edits)


def _windows(
    model: GPTModel, token_ids: tuple[int, ...], limit: int, stride: int, edits: Sequence[Edit]
) -> Iterator[TextScore]:
    parts: list[tuple[Tensor, ...]] = []
    n_at_once = limit if all_causal(edits) else N_PASSES
    first, end, n_windows = 1, 0, 0  # first: of the tokens not yet scored
    while first < len(token_ids):
        if first >= end:
            end = min(len(token_ids), limit if first == 1 else first + stride)
            begin, n_windows = max(0, end - limit), n_windows + 1
        last = min(end, first + n_at_once)
        parts.append(_scored(model, token_ids[begin:end], first - begin, last - begin, edits))
        first = last
        losses, places, context, best, probabilities = (torch.cat(column) for column in zip(*parts, strict=True))
        yield TextScore(token_ids[:last], losses, places, context, best, probabilities, n_windows)


def _scored(
    model: GPTModel, window: tuple[int, ...], first: int, last: int, edits: Sequence[Edit]
) -> tuple[Tensor, ...]:
    """Tokens `first` to last - 1 of a window, each told from those before it: the columns of a TextScore."""
    ids = torch.tensor([window], device=model.tok_emb.weight.device)  # [1, T]
    if all_causal(edits):
        ahead = len(window) - (last - 1)
        logits = read_logits(model, ids[:, : last - 1], last - first, edits=edits, ahead=ahead)[0]  # [n, V]
    else:
        passes = (read_logits(model, ids[:, :end], edits=edits, ahead=len(window) - end) for end in range(first, last))
        logits = torch.cat([row[0] for row in passes])  # [n, V]
    check_finite(logits)
    told = ids[0, first:last]
    best = torch.topk(logits, min(N_ALTERNATIVES, logits.size(1)))
    probabilities = (best.values.double() - logits.double().logsumexp(-1, keepdim=True)).exp()
    columns = (
        F.cross_entropy(logits, told, reduction="none").double(),
        ranks(logits, told),
        torch.arange(first, last),
        best.indices,
        probabilities,
    )
    return tuple(column.cpu() for column in columns)
