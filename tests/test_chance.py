"""Intervals: of shares by the textbook's formula, of differences against SciPy's tests, of a ratio by simulation."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from stages.page import chance

FIRST, SECOND = pd.Series([0.70, 0.74, 0.79, 0.71, 0.75]), pd.Series([0.72, 0.73, 0.74, 0.70, 0.76])


def ends(about):
    middle, spread = about
    return pytest.approx((middle - spread, middle + spread))


def test_the_interval_of_a_share_is_wilson_s():
    share, rows, z = 0.3, 50, 1.959964
    middle = (share + z * z / (2 * rows)) / (1 + z * z / rows)
    half = z / (1 + z * z / rows) * math.sqrt(share * (1 - share) / rows + z * z / (4 * rows * rows))
    assert chance.interval(share, rows) == pytest.approx((middle - half, middle + half), abs=1e-6)


def test_a_difference_of_few_rows_is_no_news():
    assert chance.difference((1.0, 3), (0.9, 2000)) == pytest.approx((-0.46, 0.11), abs=0.01)
    assert chance.difference((0.8, 1000), (0.7, 1000)) == pytest.approx((0.062, 0.137), abs=0.001)


def test_the_mean_of_differences_is_a_paired_t_test():
    low, high = stats.ttest_rel(FIRST, SECOND).confidence_interval()
    assert (low, high) == ends(chance.mean(FIRST - SECOND))


def test_networks_with_nothing_in_common_are_compared_by_welch():
    for left, right in ((FIRST, SECOND), (FIRST, SECOND[:3]), (SECOND[:2] / 10, FIRST)):
        low, high = stats.ttest_ind(left, right, equal_var=False).confidence_interval()
        assert (low, high) == ends(chance.welch(left, right))
    assert chance.welch(FIRST * 0 + 1, SECOND * 0) == (1, 0)


def test_another_network_lies_within_its_interval_in_19_of_20_cases():
    networks = np.random.default_rng(0).normal(5, 2, (1500, 6))
    known = [chance.another(pd.Series(row[:5])) for row in networks]
    hits = [abs(row[5] - middle) <= spread for row, (middle, spread) in zip(networks, known, strict=True)]
    assert np.mean(hits) == pytest.approx(0.95, abs=0.01)


@pytest.mark.parametrize("freedom", [np.inf, 3])
def test_the_interval_of_a_ratio_of_deviations_covers_it_in_19_of_20_cases(freedom):
    """Also if some networks are far from the others, as with Student's t of 3 degrees of freedom."""
    random = np.random.default_rng(0)
    hits = []
    for _ in range(400):
        values = random.standard_t(freedom, (5, 2, 5)) if np.isfinite(freedom) else random.normal(size=(5, 2, 5))
        middle, low, high = chance.ratio([(pd.Series(3 * left), pd.Series(9 + 2 * right)) for left, right in values])
        assert low < middle < high
        hits.append(low <= 1.5 <= high)
    assert np.mean(hits) == pytest.approx(0.95, abs=0.02)


def test_a_ratio_of_deviations_is_not_off_if_one_side_has_fewer_networks():
    random = np.random.default_rng(0)
    pairs = [(pd.Series(random.normal(size=3)), pd.Series(random.normal(size=6))) for _ in range(1500)]
    assert chance.ratio(pairs)[0] == pytest.approx(1, abs=0.03)
