"""From logits to a choice: pure filters, applied in the order temperature, top-k, top-p, min-p.

V vocabulary. All in float64, so that which tokens survive does not hang on rounding and the browser, whose numbers are
float64 too, keeps exactly the same ones. A removed token has logit -inf, never a smaller list.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from gpt2core.errors import InvalidSetting, NotFinite


@dataclass(frozen=True)
class SamplingSettings:
    """temperature 0 is greedy; top_k 0, top_p 1 and min_p 0 are off.

    temperature: logits are divided by it. top_k: keep exactly k, the lowest ids first among equals. top_p: keep the
    smallest set of likeliest tokens whose mass reaches p. min_p: keep tokens at least min_p times as likely as the likeliest.
    Raises: InvalidSetting.
    """

    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0
    min_p: float = 0.0

    def __post_init__(self) -> None:
        if not (_is_number(self.temperature) and 0.0 <= self.temperature <= 1e6):
            raise InvalidSetting(
                f"The temperature is {self.temperature!r}; choose 0 (always the likeliest token) or more, up to 1,000,000."
            )
        if not (_is_number(self.top_k) and self.top_k >= 0 and self.top_k == int(self.top_k)):
            raise InvalidSetting(f"top_k is {self.top_k!r}; choose 0 (off) or a whole number of tokens to keep.")
        if not (_is_number(self.top_p) and 0.0 <= self.top_p <= 1.0):
            raise InvalidSetting(f"top_p is {self.top_p!r}; choose a share from 0 to 1 (1 is off).")
        if not (_is_number(self.min_p) and 0.0 <= self.min_p <= 1.0):
            raise InvalidSetting(f"min_p is {self.min_p!r}; choose a share from 0 (off) to 1.")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def falling_order(logits: Tensor) -> Tensor:
    """Ids by falling logit, the lowest id first among equals. [V] -> [V]"""
    return torch.argsort(logits, descending=True, stable=True)


def apply_temperature(logits: Tensor, temperature: float) -> Tensor:
    """logits / T. T = 0 keeps the likeliest token only (the lowest id among equals), the limit that T -> 0 tends to."""
    if temperature == 0:
        return keep_top_k(logits, 1)
    return logits / temperature


def keep_top_k(logits: Tensor, k: int) -> Tensor:
    """Exactly k tokens stay (all of them for k = 0 or k >= V)."""
    if k == 0 or k >= logits.numel():
        return logits
    return _keep(logits, falling_order(logits)[:k])


def keep_top_p(logits: Tensor, p: float) -> Tensor:
    """The smallest set of likeliest tokens whose probabilities add up to at least p; one token at least.

    Source: Holtzman et al., "The Curious Case of Neural Text Degeneration", 2020.
    """
    if p >= 1:
        return logits
    order = falling_order(logits)
    sorted_mass = torch.softmax(logits, -1)[order]
    before = sorted_mass.cumsum(0) - sorted_mass  # mass of all likelier tokens
    n_kept = max(1, int((before < p).sum()))
    return _keep(logits, order[:n_kept])


def keep_min_p(logits: Tensor, share: float) -> Tensor:
    """Tokens whose probability is at least `share` of the likeliest one's, decided on logits: exact, no softmax needed.

    Source: Nguyen et al., "Turning Up the Heat: Min-p Sampling", 2024.
    """
    if share <= 0:
        return logits
    return logits.masked_fill(logits < logits.max() + math.log(share), -math.inf)


def _keep(logits: Tensor, ids: Tensor) -> Tensor:
    kept = torch.full_like(logits, -math.inf)
    kept[ids] = logits[ids]
    return kept


def filtered_logits(logits: Tensor, settings: SamplingSettings) -> Tensor:
    """All filters in order. [V] any float dtype -> [V] float64. Raises: NotFinite for a NaN or no finite logit."""
    exact = logits.double()
    if bool(exact.isnan().any()) or not bool(exact.isfinite().any()) or bool((exact == math.inf).any()):
        raise NotFinite(
            "The model's logits are not finite numbers, so no token can be drawn. The weights are probably damaged; load the model again."
        )
    exact = apply_temperature(exact, settings.temperature)
    exact = keep_top_k(exact, int(settings.top_k))
    exact = keep_top_p(exact, settings.top_p)
    return keep_min_p(exact, settings.min_p)


def next_token_probabilities(logits: Tensor, settings: SamplingSettings) -> Tensor:
    """Softmax of what the filters keep. [V] -> [V] float64, sums to 1."""
    return torch.softmax(filtered_logits(logits, settings), -1)


def gumbel_noise(vocab_size: int, seed: int, position: int) -> Tensor:
    """The luck of one draw, a pure function of (seed, position): [V] float64.

    Adding it to log-probabilities and taking the largest draws from the distribution, and leaves the noise to be used
    again under other settings. Source: Gumbel, 1954; Maddison et al., "A* Sampling", 2014.
    """
    generator = torch.Generator().manual_seed((seed * 1_000_003 + position) % 2**63)
    uniform = torch.rand(vocab_size, generator=generator, dtype=torch.float64).clamp_min(1e-300)
    return -torch.log(-torch.log(uniform))


def draw(logits: Tensor, noise: Tensor) -> int:
    """The token that `noise` picks among filtered `logits`; the lowest id among equals."""
    return int(torch.argmax(logits + noise))
