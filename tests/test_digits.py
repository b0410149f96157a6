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
