"""Numbers as a person reads them, the twin of explorer/widgets/shared/numbers.js; and whole ones as browsers send them."""

from __future__ import annotations

import math
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any, TypeGuard

from explorer.catalogue import catalogue

_SMALLEST, _LARGEST = 0.001, 99.999  # per cent; what lies beyond is said to
_ROUNDING = 1e-5  # how far a computed share may lie outside 0 to 1
_UNITS = ((10**12, "T"), (10**9, "G"), (10**6, "M"), (10**3, "k"))
_THREE_DIGITS = Context(prec=3, rounding=ROUND_HALF_UP)


def is_whole(value: Any, least: float = -(2**53), most: float = 2**53) -> TypeGuard[int | float]:
    """Whether `value` is a whole number from `least` to `most`: 3 and 3.0, but not 3.5, True, NaN or "3".

    By default as far as a float64, JSON's only number, tells whole numbers apart.
    """
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and least <= value <= most and value % 1 == 0


def as_given(value: Any) -> str:
    """What was given where something else was needed, for a refusal: 2.5, 'x', nothing."""
    return catalogue("shared")("nothing") if value is None else repr(value)


def percent(share: float) -> str:
    """A share of 0 to 1: three significant digits, three decimals at most, and three near 100. Only 0 reads 0 and only 1 reads 100.

    Raises: ValueError if it is no share.
    """
    if not -_ROUNDING <= share <= 1 + _ROUNDING:
        raise ValueError(f"A share lies between 0 and 1, not at {share}.")
    if share <= 0 or share >= 1:
        return "0 %" if share <= 0 else "100 %"
    parts = 100 * float(share)
    if parts < _SMALLEST:
        return f"< {_SMALLEST} %"
    if parts > _LARGEST:
        return f"> {_LARGEST} %"
    if parts < 0.1 or parts >= 99.95:
        return f"{_rounded(parts, 3)} %"
    leading = _THREE_DIGITS.create_decimal(
        Decimal(parts)
    ).adjusted()  # of the rounded number: 9.996 has the digits of 10.0
    return f"{_rounded(parts, 2 - leading)} %"


def fixed(value: float, decimals: int) -> str:
    """A fixed number of decimals, below 0 with a minus sign that is as wide as a plus."""
    return _rounded(value, decimals).replace("-", "−")


def signed(value: float, decimals: int = 2) -> str:
    """The same, with its sign always written."""
    return f"{'−' if value < 0 else '+'}{_rounded(abs(value), decimals)}"


def exponential(nats: float) -> str:
    """e^nats, which may be too large or too small to be written out: 2.5, 12,345, 3.1 × 10^12."""
    if math.log(1e-3) < nats < math.log(1e9):
        return f"{math.exp(nats):.3g}" if nats < math.log(100) else f"{math.floor(math.exp(nats) + 0.5):,}"
    exponent = math.floor(nats / math.log(10))
    return f"{_rounded(math.exp(nats - exponent * math.log(10)), 1)} × 10^{fixed(exponent, 0)}"


def percent_of_log(nats: float) -> str:
    """A probability of e^nats, which may be too small for a float and is above 0 all the same."""
    return percent(0.0 if nats == -math.inf else max(math.exp(nats), math.ulp(0.0)))


def _rounded(value: float, decimals: int) -> str:
    """As JavaScript's toFixed: exact halves away from 0, where Python's format goes to the even digit."""
    return str(Decimal(float(value)).quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP))


def nats_and_bits(nats: float, decimals: int = 3) -> str:
    """A surprise in both units: 2.302 nats (3.322 bits)."""
    return f"{fixed(nats, decimals)} nats ({fixed(nats / math.log(2), decimals)} bits)"


def in_units(number: float) -> str:
    """Three significant digits and a unit: 4.29 M, 163 M, 1.56 G, 768."""
    for unit, letter in _UNITS:
        if number >= unit * 0.9995:
            value = number / unit
            return f"{_rounded(value, 2 if value < 9.995 else 1 if value < 99.95 else 0)} {letter}"
    return f"{number:,.0f}"


def scientific(value: float, decimals: int = 1) -> str:
    """A finite number by its power of ten: 3.6 × 10^−7; 0 as it is."""
    if value == 0:
        return "0"
    digits, _, exponent = f"{value:.{decimals}e}".partition("e")
    return f"{digits.replace('-', '−')} × 10^{fixed(int(exponent), 0)}"
