"""Shares as text: one that is nearly whole never looks like 1 or 100 %.

fixed(0.999996, 4)  ->  '0.999996';  percent(0.996413, 1)  ->  '99.6 %'
"""

MOST = 6  # digits after the point


def fixed(share: float, digits: int) -> str:
    """With so many digits after the point, or with as many as it takes not to look like 1."""
    return f"{share:.{_enough(share, digits, 1)}f}"


def percent(share: float, digits: int = 1, sign: str = "") -> str:
    """In percent, with so many digits after the point, or with as many as it takes not to look like 100."""
    return f"{100 * share:{sign}.{_enough(100 * share, digits, 100)}f} %"


def general(value: float) -> str:
    """With three significant digits, or with as many as it takes not to look like 1."""
    return fixed(value, 3) if 0.999 < value < 1 else f"{value:.3g}"


def _enough(value: float, digits: int, whole: float) -> int:
    while digits < MOST and value < whole == round(value, digits):
        digits += 1
    return digits
