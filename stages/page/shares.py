"""A share of rows, and how far it may be off.

77 right of 100  ->  0.68 to 0.84
"""

from scipy.stats import binomtest

FEWEST = 5  # rows that a share is drawn of


def interval(share: float, rows: int) -> tuple[float, float]:
    """The 95 % interval of a share of independent rows (Wilson 1927)."""
    ends = binomtest(round(share * rows), int(rows)).proportion_ci(method="wilson")
    return ends.low, ends.high
