import pytest

from explorer.wording.numbers import is_whole, scientific


@pytest.mark.parametrize("value", [0, 3, 3.0, -2, 7])
def test_whole_numbers_are_whole_however_they_are_written(value):
    assert is_whole(value, -2, 7)


@pytest.mark.parametrize(
    "value", [3.5, True, None, "3", [3], {}, float("nan"), float("inf"), -float("inf"), -3, 8, 10**400]
)
def test_everything_else_and_what_is_out_of_bounds_is_not(value):
    assert not is_whole(value, -2, 7)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), 10**400])
def test_without_bounds_it_still_needs_to_be_a_number_that_json_can_tell_from_its_neighbours(value):
    assert not is_whole(value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (3.6e-7, "3.6 × 10^−7"),
        (0.0, "0"),
        (9.96e-7, "1.0 × 10^−6"),
        (1.0, "1.0 × 10^0"),
        (-2.5e12, "−2.5 × 10^12"),
        (5e-324, "4.9 × 10^−324"),
    ],
)
def test_a_number_by_its_power_of_ten(value, text):
    assert scientific(value) == text
