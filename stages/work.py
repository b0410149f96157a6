"""The work that a network shows: the first of its steps that is wrong, and which operation went wrong there.

'47*(3+30)=', written '47*33=141+1400=1541'  ->  Wrong(before='47*33', found='141+1400', operation='parts')
"""

import re
from dataclasses import dataclass
from itertools import pairwise

from stages import grammar
from stages.command import BadInput

# What the step after an expression does: a sum or difference, a product, the parts of a product, or a sum of parts
OPERATIONS = "sum", "product", "parts", "part_sum"

GROUP = re.compile(r"\((.*)\)")


@dataclass(frozen=True)
class Wrong:
    """A step `found` that does not equal the expression `before` it."""

    before: str
    found: str
    operation: str

    def __str__(self) -> str:
        return f"{self.before}: {self.found} is wrong" if self.found else f"{self.before}: the next step is missing"


def wrong(src: str, written: str) -> Wrong | None:
    """The first step that does not equal the expression before it; None if all steps and the value are right.

    The last step must be the value as a number; otherwise the next one is missing.
    """
    src = src.removesuffix("=")
    value = grammar.evaluate(src)
    steps = written.split("=")
    if not grammar.SIGNED.fullmatch(steps[-1]):
        steps.append("")
    operation, grouped = "", False
    for place, (before, found) in enumerate(pairwise([src, *steps]), start=1):
        still = ("(" in before) == grouped
        operation, grouped = _operation(before, found, operation, still), "(" in before
        if not (found == str(value) if place == len(steps) else _equals(found, value)):
            return Wrong(before, found, operation)
    return None


def _operation(before: str, found: str, last: str, still: bool) -> str:
    """The operation of a step, one of OPERATIONS, after the `last` one.

    `still`: there is a group in parentheses before this step and the last one, or in neither.
    """
    group = GROUP.search(before)
    if "*" in (group[1] if group else before):
        return "parts" if _numbers(found) >= _numbers(before) else "product"
    return "part_sum" if last == "parts" or (last == "part_sum" and still) else "sum"


def _numbers(text: str) -> int:
    return len(grammar.NUMBER.findall(text))


def _equals(step: str, value: int) -> bool:
    try:
        return grammar.evaluate(step, signed=True) == value
    except BadInput:
        return False
