"""The waterfall ends at the sum of its bars."""

import pytest

from explorer.figures.stream_sum import logit_waterfall


def test_the_last_bar_is_the_sum_of_the_others():
    (bars,) = logit_waterfall(["token", "attn 0"], [1.5, -4.0]).data
    assert bars.measure == ("relative", "relative", "total")
    assert sum(bars.y) == pytest.approx(-2.5)
    assert bars.text[-1] == "-2.5"
