"""A share reads alike in every tab, whether the server or the browser wrote it."""

from __future__ import annotations

import base64
import json
import math
import random
import re

import numpy as np
import pytest
from py_mini_racer import JSEvalException

from explorer.widgets.widget import packed
from explorer.wording.numbers import exponential, fixed, percent, percent_of_log, signed
from tests.explorer.widgets.scripts import evaluator

EDGES = [0.0, 1.0, 5e-324, 2.0**-1022, 1e-300, 1e-17, 1e-5, 9.999e-6, 1.0001e-5, 1 - 1e-17, 1 - 2**-53, 1 - 1e-12]
# Where the number of decimals changes, and halves that the two languages round differently by themselves.
EDGES += [0.001, 0.00099999, 0.0099949, 0.00999501, 0.0999949, 0.0999501, 0.1, 0.9995, 0.99949999, 0.99999, 0.9999901]
EDGES += [n / 2**k for k in range(1, 14) for n in (1, 3, 2**k - 3, 2**k - 1) if 0 < n < 2**k]
EDGES += [math.nextafter(edge, side) for edge in (1e-5, 0.001, 0.9995, 0.99999) for side in (0, 1)]


def random_shares(n: int) -> list[float]:
    luck = random.Random(0)
    near_zero = [10 ** luck.uniform(-9, 0) for _ in range(n // 3)]
    return [luck.random() for _ in range(n - 2 * len(near_zero))] + near_zero + [1 - share for share in near_zero]


@pytest.fixture(scope="module")
def browser():
    return evaluator("shared/numbers.js")


def test_python_and_the_browser_write_every_share_alike(browser):
    shares = EDGES + random_shares(10_000)
    written = browser(f"{json.dumps(shares)}.map(percent)")
    assert written == [percent(share) for share in shares]


def test_nothing_above_nothing_reads_as_nothing_and_nothing_below_all_as_all():
    for share in EDGES + random_shares(10_000):
        text = percent(share)
        assert (text == "0 %") == (share == 0)
        assert (text == "100 %") == (share == 1)
        number = float(re.sub("[<>%]", "", text))
        if text.startswith("<"):
            assert 0 < 100 * share < number
        elif text.startswith(">"):
            assert number < 100 * share < 100 or share < 1
        else:
            assert abs(number - 100 * share) <= max(0.0005, 0.0051 * number)
            assert 0 < number < 100 or share in (0, 1)


def test_a_larger_share_never_reads_as_a_smaller_one():
    order = [float(re.sub("[<>%]", "", percent(share))) for share in sorted(random_shares(10_000))]
    assert order == sorted(order)


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.3737, "37.4 %"),
        (0.0374, "3.74 %"),
        (0.00374, "0.374 %"),
        (0.000374, "0.037 %"),
        (1e-9, "< 0.001 %"),
        (0.9996, "99.960 %"),
        (0.9994, "99.9 %"),
        (0.999999, "> 99.999 %"),
        (0.1225, "12.3 %"),
        (1 + 1e-7, "100 %"),
        (-1e-9, "0 %"),
    ],
)
def test_three_digits_are_written_and_three_decimals_at_most(browser, share, text):
    assert percent(share) == text
    assert browser(f"percent({share})") == text


@pytest.mark.parametrize("wrong", ["NaN", "Infinity", "-0.1", "1.1"])
def test_what_is_no_share_is_refused(browser, wrong):
    with pytest.raises(ValueError, match="between 0 and 1"):
        percent(float(wrong))
    with pytest.raises(JSEvalException, match="between 0 and 1"):
        browser(f"percent({wrong})")


def test_decimals_and_signs_are_written_alike(browser):
    luck = random.Random(1)
    values = [luck.uniform(-100, 100) for _ in range(2_000)] + [n / 8 for n in range(-40, 40)] + [1e-9, -1e-9, 0.0]
    for decimals in (1, 2, 3):
        assert browser(f"{json.dumps(values)}.map((x) => fixed(x, {decimals}))") == [fixed(x, decimals) for x in values]
        assert browser(f"{json.dumps(values)}.map((x) => signed(x, {decimals}))") == [
            signed(x, decimals) for x in values
        ]
    assert signed(-0.5) == "−0.50"
    assert signed(2.0, 1) == "+2.0"


def test_large_numbers_are_grouped(browser):
    assert browser("[grouped(50257), grouped(999), grouped(0.30000000000000004)]") == ["50,257", "999", "0.3"]


def test_packed_numbers_arrive_as_they_were(browser):
    numbers = np.random.default_rng(0).normal(size=100).astype(np.float32)
    assert browser(f"Array.from(floatsOf('{packed(numbers)}'))") == numbers.tolist()
    assert browser(f"Array.from(bytesOf('{base64.b64encode(bytes(range(256))).decode()}'))") == list(range(256))
    assert browser("Array.from(floatsOf(''))") == []


def test_what_is_too_large_or_too_small_to_write_out_is_written_as_a_power(browser):
    nats = [n / 7 for n in range(-3_000, 3_000, 11)]
    assert browser(f"{json.dumps(nats)}.map(exponential)") == [exponential(x) for x in nats]
    assert exponential(math.log(2.5)) == "2.5"
    assert exponential(math.log(12345)) == "12,345"
    assert exponential(math.log(3.14e12)) == "3.1 × 10^12"
    assert exponential(math.log(3.14e-12)) == "3.1 × 10^−12"


def test_a_probability_of_e_to_the_nats_is_above_nothing_however_small(browser):
    nats = [0.0, -0.5, -1e-12, -20.0, -744.0, -800.0, -1e6]
    assert browser(f"{json.dumps(nats)}.map(percentOfLog)") == [percent_of_log(x) for x in nats]
    assert percent_of_log(-1e6) == "< 0.001 %"
    assert browser("percentOfLog(-Infinity)") == percent_of_log(-math.inf) == "0 %"
