"""Text one token at a time. V vocabulary."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from gpt2core.edits import Edit, EditedPass
from gpt2core.model import GPTModel
from gpt2core.ranges import checked_seed, whole
from gpt2core.reading import Reader, check_token_ids
from gpt2core.sampling import Pipeline, SamplingSettings, draw, falling_order, gumbel_noise, pipeline


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
    edits: Sequence[Edit] = (),
) -> Iterator[Step]:
    """Yield a Step a token, the next one drawn after the last was read; stop after a token of `stop_ids`.

    The same seed, prompt and settings give the same tokens; without a seed each call draws its own. The luck of a place depends
    on the seed and the place alone, so a text taken up again from any of its tokens goes on as it did. Past context_length
    the window slides: the last context_length tokens are read afresh, for their positions all change.
    edits: the changed model writes; each step's logits are the last of trace(model, text[-context_length:], edits=edits). What
    an edit that is not causal reads anew for each token takes as long as a pass over the whole text.
    Raises: EmptyPrompt, TokenOutOfRange, InvalidSetting, UnknownSite; on the way InvalidEdit, NotFinite.
    """
    check_token_ids(token_ids, model.config.vocab_size)
    max_new_tokens = whole("max_new_tokens", max_new_tokens, 0)
    settings = SamplingSettings(temperature, top_k, top_p, min_p, repetition_penalty)
    EditedPass(edits, model.config)  # refuses a layer or site that is not there
    return _steps(
        model,
        list(token_ids),
        max_new_tokens,
        settings,
        secrets.randbits(31) if seed is None else checked_seed(seed),
        frozenset(stop_ids),
        edits,
    )


def _steps(
    model: GPTModel,
    context: list[int],
    max_new_tokens: int,
    settings: SamplingSettings,
    seed: int,
    stop_ids: frozenset[int],
    edits: Sequence[Edit],
) -> Iterator[Step]:
    reader = Reader(model, context, edits=edits)
    for _ in range(max_new_tokens):
        logits = reader.next_logits()[0]  # [V]
        choice = pipeline(logits, settings, context)
        greedy = settings.temperature == 0  # one token is left, which no luck could change
        luck = torch.zeros(()) if greedy else gumbel_noise(logits.numel(), seed, len(context))
        token_id = draw(choice.logits.cpu(), luck)
        yield Step(len(context), token_id, float(choice.probabilities[token_id]), logits, choice)
        if token_id in stop_ids:
            return
        context.append(token_id)
        reader.advance([0], [token_id])
