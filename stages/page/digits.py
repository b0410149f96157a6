"""Numbers as text: a share that is nearly whole never looks like 1 or 100 %.

fixed(0.999996, 4)  ->  '0.999996';  percent(0.996413, 1)  ->  '99.6 %';  about(-0.0376, 0.0278)  ->  '-0.038 ± 0.028'
"""

import math

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


def about(middle: float, spread: float) -> str:
    """A difference and its spread, with the decimals of the spread's first two digits."""
    decimals = 1 - math.floor(math.log10(spread)) if 0 < spread < math.inf else MOST
    return f"{round(middle, decimals) + 0:+g} ± {spread:.2g}"  # + 0: never -0


def _enough(value: float, digits: int, whole: float) -> int:
    while digits < MOST and value < whole == round(value, digits):
        digits += 1
    return digits
