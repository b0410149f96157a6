"""A share of rows, and how far it may be off; the difference of two.

77 right of 100  ->  0.68 to 0.84
"""

import math

from scipy.stats import binomtest

FEWEST = 5  # rows that a share is drawn of


def interval(share: float, rows: int) -> tuple[float, float]:
    """The 95 % interval of a share of independent rows (Wilson 1927)."""
    ends = binomtest(round(share * rows), int(rows)).proportion_ci(method="wilson")
    return ends.low, ends.high


def difference(one: tuple[float, int], two: tuple[float, int]) -> tuple[float, float]:
    """The 95 % interval of one share less another, each with its rows (Newcombe 1998, from the two intervals)."""
    (low, high), (least, most) = interval(*one), interval(*two)
    middle = one[0] - two[0]
    return middle - math.hypot(one[0] - low, most - two[0]), middle + math.hypot(high - one[0], two[0] - least)
