"""What chance does: the 95 % interval of a share, and of a difference between shares, networks or spreads.

77 correct of 100  ->  a share of 0.68 to 0.84;  0.9, 0.8, 1.0 less 0.1, 0.1, 0.2, seed by seed  ->  +0.77 ± 0.14
"""

import math
from collections.abc import Sequence

import pandas as pd
from scipy.special import digamma
from scipy.stats import binomtest, t

FEWEST = 5  # rows that a share is drawn of

About = tuple[float, float]  # the middle of an interval, and half its width


def interval(share: float, rows: int) -> tuple[float, float]:
    """The interval of a share of independent rows (Wilson 1927)."""
    ends = binomtest(round(share * rows), int(rows)).proportion_ci(method="wilson")
    return ends.low, ends.high


def difference(one: tuple[float, int], two: tuple[float, int]) -> tuple[float, float]:
    """The interval of one share less another, each with its rows (Newcombe 1998, from the two intervals)."""
    (low, high), (least, most) = interval(*one), interval(*two)
    middle = one[0] - two[0]
    return middle - math.hypot(one[0] - low, most - two[0]), middle + math.hypot(high - one[0], two[0] - least)


def mean(values: pd.Series) -> About:
    """The mean of several networks, by Student's t."""
    return values.mean(), _spread(values.std() / math.sqrt(len(values)), len(values) - 1)


def another(values: pd.Series) -> About:
    """Where another network of the same kind lies: its own deviation counts too."""
    return values.mean(), _spread(values.std() * math.sqrt(1 + 1 / len(values)), len(values) - 1)


def welch(one: pd.Series, two: pd.Series) -> About:
    """The mean of several networks less that of others which have nothing in common with them (Welch 1947)."""
    parts = [values.var() / len(values) for values in (one, two)]
    shares = sum(part**2 / (len(values) - 1) for part, values in zip(parts, (one, two), strict=True))
    return one.mean() - two.mean(), _spread(math.sqrt(sum(parts)), sum(parts) ** 2 / shares if shares else 1)


def ratio(pairs: Sequence[tuple[pd.Series, pd.Series]]) -> tuple[float, float, float]:
    """How many times as large the first standard deviation of each pair is: the geometric mean, and its interval.

    By Student's t over the logarithms of at least two pairs. One network far from the others changes a pair's ratio by
    much; an interval from the numbers of networks alone, as of an F test, would be too narrow then.
    """
    middle, spread = mean(pd.Series([_log_deviation(one) - _log_deviation(two) for one, two in pairs]))
    return math.exp(middle), math.exp(middle - spread), math.exp(middle + spread)


def _log_deviation(values: pd.Series) -> float:
    """Without its bias: digamma(n/2) - log(n/2) for a variance of n degrees of freedom (Bartlett, Kendall 1946)."""
    half = (len(values) - 1) / 2
    return math.log(values.std()) - float(digamma(half) - math.log(half)) / 2


def _spread(error: float, freedom: float) -> float:
    return float(t.ppf(0.975, freedom) * error)
