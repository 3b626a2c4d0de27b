"""What the page may say of a number that a test has computed for itself.

The app and the tests are two processes, and float32 sums end in other bits on another processor, or with another number of threads. A
number close to halfway between two roundings may be read either way, so tests that compare words take them from here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from explorer.wording.numbers import fixed, percent, signed

NOISE = 1e-5  # of a logit, or relative, of a share


def either(value: float, noise: float, say: Callable[[float], str]) -> str:
    """A regular expression: what `say` makes of `value` and of what lies `noise` beside it."""
    said = {say(value + off): None for off in (0.0, -noise, noise)}
    return f"(?:{'|'.join(map(re.escape, said))})"


def share(value: float) -> str:
    """A share of 0 to 1, as `percent` says it."""
    return either(value, NOISE * value, lambda near: percent(min(1.0, max(0.0, near))))


def figure(value: float, decimals: int = 2) -> str:
    """A number in nats, a logit or a score, with this many decimals."""
    return either(value, NOISE * max(1.0, abs(value)), lambda near: fixed(near, decimals))


def change(value: float, decimals: int = 2) -> str:
    """The same with its sign always written."""
    return either(value, NOISE * max(1.0, abs(value)), lambda near: signed(near, decimals))


def whole(*patterns: str) -> list[re.Pattern[str]]:
    """For texts that say nothing else."""
    return [re.compile(rf"^\s*{pattern}\s*$") for pattern in patterns]


def fit(texts: Sequence[str], patterns: Sequence[str]) -> bool:
    """Whether each text is what its pattern says, and there are as many."""
    return len(texts) == len(patterns) and all(map(re.fullmatch, patterns, texts))
