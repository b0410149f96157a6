"""Shares as text."""

import pytest

from stages.page import digits


@pytest.mark.parametrize(
    ("share", "fixed", "percent", "general"),
    [
        (1.0, "1.0000", "100.0 %", "1"),
        (0.999996, "0.999996", "99.9996 %", "0.999996"),
        (0.9996, "0.9996", "99.96 %", "0.9996"),
        (0.99964, "0.9996", "99.96 %", "0.9996"),
        (0.5, "0.5000", "50.0 %", "0.5"),
        (0.01004, "0.0100", "1.0 %", "0.01"),
        (0.0, "0.0000", "0.0 %", "0"),
    ],
)
def test_nearly_all_is_not_all(share, fixed, percent, general):
    assert digits.fixed(share, 4) == fixed
    assert digits.percent(share) == percent
    assert digits.general(share) == general


def test_signs_and_numbers_above_one():
    assert digits.percent(0.382, sign="+") == "+38.2 %"
    assert digits.percent(-0.00004, digits=2) == "-0.00 %"
    assert digits.general(1.0004) == "1"
    assert digits.general(1234.5) == "1.23e+03"


@pytest.mark.parametrize(
    ("middle", "spread", "text"),
    [
        (-0.0376, 0.0278, "-0.038 ± 0.028"),
        (2e-7, 0.05, "+0 ± 0.05"),
        (-2e-7, 0.05, "+0 ± 0.05"),
        (12.34, 11.4, "+12 ± 11"),
        (0.25, 0.0, "+0.25 ± 0"),
        (0.25, float("nan"), "+0.25 ± nan"),
    ],
)
def test_a_difference_has_the_decimals_of_its_spread(middle, spread, text):
    assert digits.about(middle, spread) == text
