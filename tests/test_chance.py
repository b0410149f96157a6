"""Intervals of differences between networks, against SciPy's own tests, and of a ratio of spreads by simulation."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from stages.page import chance

ONE, TWO = pd.Series([0.70, 0.74, 0.79, 0.71, 0.75]), pd.Series([0.72, 0.73, 0.74, 0.70, 0.76])


def ends(about):
    middle, spread = about
    return pytest.approx((middle - spread, middle + spread))


def test_the_mean_of_differences_is_a_paired_t_test():
    low, high = stats.ttest_rel(ONE, TWO).confidence_interval()
    assert (low, high) == ends(chance.mean(ONE - TWO))


def test_networks_with_nothing_in_common_are_compared_by_welch():
    for one, two in ((ONE, TWO), (ONE, TWO[:3]), (TWO[:2] / 10, ONE)):
        low, high = stats.ttest_ind(one, two, equal_var=False).confidence_interval()
        assert (low, high) == ends(chance.welch(one, two))
    assert chance.welch(ONE * 0 + 1, TWO * 0) == (1, 0)


def test_another_network_lies_within_its_interval_in_19_of_20_cases():
    rng = np.random.default_rng(0)
    drawn = rng.normal(5, 2, (4000, 6))
    hits = [abs(row[5] - middle) <= spread for row in drawn for middle, spread in [chance.another(pd.Series(row[:5]))]]
    assert np.mean(hits) == pytest.approx(0.95, abs=0.01)


@pytest.mark.parametrize("freedom", [np.inf, 3])
def test_the_interval_of_a_ratio_of_deviations_covers_it_in_19_of_20_cases(freedom):
    """Also if some networks are far from the others, as with Student's t of 3 degrees of freedom."""
    rng = np.random.default_rng(0)
    hits = []
    for _ in range(1000):
        values = rng.standard_t(freedom, (5, 2, 5)) if np.isfinite(freedom) else rng.normal(size=(5, 2, 5))
        middle, low, high = chance.ratio([(pd.Series(3 * one), pd.Series(9 + 2 * two)) for one, two in values])
        assert low < middle < high
        hits.append(low <= 1.5 <= high)
    assert np.mean(hits) == pytest.approx(0.95, abs=0.02)


def test_a_ratio_of_deviations_is_not_off_if_one_has_fewer_networks():
    rng = np.random.default_rng(0)
    pairs = [(pd.Series(rng.normal(0, 1, 3)), pd.Series(rng.normal(0, 1, 6))) for _ in range(4000)]
    assert chance.ratio(pairs)[0] == pytest.approx(1, abs=0.03)
