"""What a setting may be: whole numbers that are whole, numbers that are finite, seeds that torch takes. One sentence for what is not."""

from __future__ import annotations

import math
from numbers import Integral, Real
from typing import TypeGuard

from gpt2core.errors import InvalidSetting

LARGEST_WHOLE = 2**31 - 1
# As torch.manual_seed takes them; numpy's whole numbers are among them.
LEAST_SEED, MOST_SEED = -(2**63), 2**64 - 1


def is_whole(value: object) -> TypeGuard[int]:
    """Python's and numpy's whole numbers: 3, but not 3.0, True or "3"."""
    return isinstance(value, Integral) and not isinstance(value, bool)


def is_number(value: object) -> TypeGuard[float]:
    """Finite, and within what a float64 can hold; no bool."""
    try:
        return isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)
    except OverflowError:
        return False


def whole(name: str, value: object, least: int, most: int = LARGEST_WHOLE) -> int:
    """`value` as Python's own whole number. Raises: InvalidSetting unless it is one from `least` to `most`."""
    if not is_whole(value) or not least <= int(value) <= most:
        raise InvalidSetting(
            "{name} is {value}; choose a whole number from {least:,} to {most:,}.",
            name=name,
            value=shown(value),
            least=least,
            most=most,
        )
    return int(value)


def checked_seed(value: object, name: str = "seed") -> int:
    """Any whole number that torch takes for a seed, Python's or numpy's. Raises: InvalidSetting."""
    if not is_whole(value) or not LEAST_SEED <= int(value) <= MOST_SEED:
        raise InvalidSetting(
            "{name} is {value}; choose a whole number from {least:,} to {most:,}, for example 42.",
            name=name,
            value=shown(value),
            least=LEAST_SEED,
            most=MOST_SEED,
        )
    return int(value)


def mixed_seed(seed: int, number: int) -> int:
    """The seed of draw `number` under `seed`: within what torch takes, whatever the two are."""
    return (seed * 1_000_003 + number) % 2**63


def shown(value: object, n_characters: int = 60) -> str:
    """What was given, for a refusal: as Python writes it, cut where it is long."""
    try:
        text = repr(value)
    except ValueError:  # a whole number of more digits than Python writes out
        text = "a number of thousands of digits"
    return text if len(text) <= n_characters else f"{text[:n_characters]}…"
