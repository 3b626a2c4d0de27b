"""From logits to a choice: pure filters, applied in the order repetition penalty, temperature, top-k, top-p, min-p.

V vocabulary. All in float64, so that which tokens survive does not hang on rounding and the browser, whose numbers are
float64 too, keeps exactly the same ones. A removed token has logit -inf, never a smaller list.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from gpt2core.errors import InvalidSetting, NotFinite
from gpt2core.ranges import checked_seed, is_number, mixed_seed, shown

# A threshold that a sum or a logarithm misses by less than this has been met: 0.1 + 0.1 + 0.1 reaches 0.3.
ROUNDING = 1e-12
MOST_TEMPERATURE = 1e6
LEAST_PENALTY, MOST_PENALTY = 0.01, 100.0


@dataclass(frozen=True)
class SamplingSettings:
    """temperature 0 is greedy; top_k 0, top_p 1, min_p 0 and repetition_penalty 1 are off.

    temperature: logits are divided by it. top_k: keep exactly k, the lowest ids first among equals. top_p: keep the
    smallest set of likeliest tokens whose mass reaches p. min_p: keep tokens at least min_p times as likely as the likeliest.
    repetition_penalty: before all of these, tokens already in the text have a positive logit divided by it and a
    negative one multiplied.
    Raises: InvalidSetting.
    """

    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0
    min_p: float = 0.0
    repetition_penalty: float = 1.0

    def __post_init__(self) -> None:
        if not (is_number(self.temperature) and 0.0 <= self.temperature <= MOST_TEMPERATURE):
            raise InvalidSetting(
                "The temperature is {temperature}; choose 0 (always the likeliest token) or more, up to 1,000,000.",
                temperature=shown(self.temperature),
            )
        if not (is_number(self.top_k) and self.top_k >= 0 and self.top_k == int(self.top_k)):
            raise InvalidSetting(
                "top_k is {k}; choose 0 (off) or a whole number of tokens to keep.", k=shown(self.top_k)
            )
        if not (is_number(self.top_p) and 0.0 <= self.top_p <= 1.0):
            raise InvalidSetting("top_p is {p}; choose a share from 0 to 1 (1 is off).", p=shown(self.top_p))
        if not (is_number(self.min_p) and 0.0 <= self.min_p <= 1.0):
            raise InvalidSetting("min_p is {p}; choose a share from 0 (off) to 1.", p=shown(self.min_p))
        if not (is_number(self.repetition_penalty) and LEAST_PENALTY <= self.repetition_penalty <= MOST_PENALTY):
            raise InvalidSetting(
                "The repetition penalty is {penalty}; choose 1 (off) or more, up to 100 (0.01 to 1 rewards repeating).",
                penalty=shown(self.repetition_penalty),
            )


def falling_order(logits: Tensor) -> Tensor:
    """Ids of the tokens not yet removed by falling logit, the lowest id first among equals. [V] -> [n <= V]"""
    ids = torch.nonzero(logits > -math.inf).squeeze(1)
    return ids[torch.argsort(logits[ids], descending=True, stable=True)]


def apply_repetition_penalty(logits: Tensor, penalty: float, context: Sequence[int]) -> Tensor:
    """Make every token of `context` less likely, however often it occurs there: a positive logit is divided, a negative multiplied.

    Source: Keskar et al., "CTRL", 2019, with the sign rule of transformers' RepetitionPenaltyLogitsProcessor.
    """
    if penalty == 1 or not len(context):
        return logits
    ids = torch.tensor(sorted(set(context)), device=logits.device)
    seen = logits[ids]
    return logits.index_put((ids,), torch.where(seen < 0, seen * penalty, seen / penalty))


def apply_temperature(logits: Tensor, temperature: float) -> Tensor:
    """logits / T. T = 0, or one so small that a quotient would overflow, keeps the likeliest token only (the lowest id among
    equals), the limit that T -> 0 tends to."""
    if temperature == 0 or not math.isfinite(float(logits.max()) / temperature):
        return keep_top_k(logits, 1)
    return logits / temperature


def keep_top_k(logits: Tensor, k: int) -> Tensor:
    """Exactly k tokens stay (all of them for k = 0 or k >= V)."""
    if k == 0 or k >= logits.numel():
        return logits
    if k == 1:
        return _keep(logits, torch.argmax(logits, keepdim=True))  # the first among equals
    weakest = torch.topk(logits, k).values[-1]
    above = torch.nonzero(logits > weakest).squeeze(1)
    equal = torch.nonzero(logits == weakest).squeeze(1)  # ids rise
    return _keep(logits, torch.cat([above, equal[: k - len(above)]]))


def keep_top_p(logits: Tensor, p: float) -> Tensor:
    """The smallest set of likeliest tokens whose probabilities add up to at least p; one token at least.

    Source: Holtzman et al., "The Curious Case of Neural Text Degeneration", 2020.
    """
    if p >= 1:
        return logits
    order = falling_order(logits)
    reached = torch.softmax(logits, -1)[order].cumsum(0)
    n_short = int((reached < p - ROUNDING).sum())  # the largest set that is still too small
    return _keep(logits, order[: n_short + 1])


def keep_min_p(logits: Tensor, share: float) -> Tensor:
    """Tokens whose probability is at least `share` of the likeliest one's, decided on logits: exact, no softmax needed.

    Source: Nguyen et al., "Turning Up the Heat: Min-p Sampling", 2024.
    """
    if share <= 0:
        return logits
    return logits.masked_fill(logits < logits.max() + math.log(share) - ROUNDING, -math.inf)


def _keep(logits: Tensor, ids: Tensor) -> Tensor:
    kept = torch.full_like(logits, -math.inf)
    kept[ids] = logits[ids]
    return kept


@dataclass(frozen=True, eq=False)
class Stage:
    """One step of the pipeline. name: the field of SamplingSettings that rules it, or "logits" for what comes in.

    before, logits: [V] float64 entering and leaving. What is derived from them is computed when it is asked for.
    """

    name: str
    before: Tensor
    logits: Tensor

    @cached_property
    def probabilities(self) -> Tensor:
        """Softmax of what is left. [V], sums to 1."""
        return torch.softmax(self.logits, -1)

    @cached_property
    def removed_ids(self) -> Tensor:
        """Tokens that this stage took away, by rising id. [n]"""
        return torch.nonzero((self.logits == -math.inf) & (self.before > -math.inf)).squeeze(1)

    @cached_property
    def removed_mass(self) -> float:
        """The share of the probability entering this stage that its removed tokens held."""
        return float(torch.softmax(self.before, -1)[self.removed_ids].sum())

    @cached_property
    def n_kept(self) -> int:
        """Tokens that remain."""
        return int((self.logits > -math.inf).sum())

    @cached_property
    def entropy_nats(self) -> float:
        """-sum p log p of what is left: 0 when one token remains, log V when all V are equal."""
        return float(torch.special.entr(self.probabilities).sum())


@dataclass(frozen=True, eq=False)
class Pipeline:
    """All stages in order, those that are off included: they leave the logits as they were."""

    stages: tuple[Stage, ...]

    def __getitem__(self, name: str) -> Stage:
        return next(stage for stage in self.stages if stage.name == name)

    @property
    def logits(self) -> Tensor:
        """What is left at the end. [V] float64, -inf where removed."""
        return self.stages[-1].logits

    @property
    def probabilities(self) -> Tensor:
        """The distribution that is drawn from. [V] float64, sums to 1."""
        return self.stages[-1].probabilities


def pipeline(logits: Tensor, settings: SamplingSettings, context: Sequence[int] = ()) -> Pipeline:
    """Every stage from the model's logits to the distribution drawn from.

    logits [V], any float dtype; -inf means already removed. context: the token ids so far, which only the repetition
    penalty looks at. Raises: NotFinite for a NaN, +inf or no finite logit.
    """
    exact = logits.double()
    if not math.isfinite(float(exact.max())):  # max is NaN if any is, +inf if any is, -inf if all are
        raise NotFinite(
            "The model's logits are not finite numbers, so no token can be drawn. The weights are probably damaged; load the model again."
        )
    stages = [Stage("logits", exact, exact)]
    for name, apply in (
        ("repetition_penalty", lambda x: apply_repetition_penalty(x, settings.repetition_penalty, context)),
        ("temperature", lambda x: apply_temperature(x, settings.temperature)),
        ("top_k", lambda x: keep_top_k(x, int(settings.top_k))),
        ("top_p", lambda x: keep_top_p(x, settings.top_p)),
        ("min_p", lambda x: keep_min_p(x, settings.min_p)),
    ):
        before = stages[-1].logits
        stages.append(Stage(name, before, apply(before)))
    return Pipeline(tuple(stages))


def filtered_logits(logits: Tensor, settings: SamplingSettings, context: Sequence[int] = ()) -> Tensor:
    """What the pipeline leaves. [V] any float dtype -> [V] float64. Raises: NotFinite."""
    return pipeline(logits, settings, context).logits


def next_token_probabilities(logits: Tensor, settings: SamplingSettings, context: Sequence[int] = ()) -> Tensor:
    """Softmax of what the filters keep. [V] -> [V] float64, sums to 1."""
    return pipeline(logits, settings, context).probabilities


def gumbel_noise(vocab_size: int, seed: int, position: int) -> Tensor:
    """The luck of one draw, a pure function of (seed, position): [V] float64.

    Adding it to log-probabilities and taking the largest draws from the distribution, and leaves the noise to be used
    again under other settings. Source: Gumbel, 1954; Maddison et al., "A* Sampling", 2014.
    """
    generator = torch.Generator().manual_seed(mixed_seed(checked_seed(seed), position))
    uniform = torch.rand(vocab_size, generator=generator, dtype=torch.float64).clamp_min(1e-300)
    return -torch.log(-torch.log(uniform))


def draw(logits: Tensor, noise: Tensor) -> int:
    """The token that `noise` picks among filtered `logits`; the lowest id among equals."""
    return int(torch.argmax(logits + noise))


def draws(logits: Tensor, n: int, seed: int) -> Tensor:
    """n independent draws from softmax(`logits`) with one seed: token ids [n].

    By inverse transform: tokens by falling logit share the unit interval, and each of n numbers from it picks one. (Luck
    that is to be held while settings move is gumbel_noise, which changes its mind as seldom as can be.)
    """
    order = falling_order(logits)
    reached = torch.softmax(logits.double(), -1)[order].cumsum(0)
    chances = torch.rand(n, generator=torch.Generator().manual_seed(checked_seed(seed)), dtype=torch.float64)
    return order[torch.searchsorted(reached, chances, right=True).clamp_max(len(order) - 1)]
