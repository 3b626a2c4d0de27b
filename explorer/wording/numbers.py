"""Numbers as browsers and scripts send them, where a whole one is asked for."""

from __future__ import annotations

from typing import Any, TypeGuard


def is_whole(value: Any, least: float = -(2**53), most: float = 2**53) -> TypeGuard[int | float]:
    """Whether `value` is a whole number from `least` to `most`: 3 and 3.0, but not 3.5, True, NaN or "3".

    By default as far as a float64, JSON's only number, tells whole numbers apart.
    """
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and least <= value <= most and value % 1 == 0
