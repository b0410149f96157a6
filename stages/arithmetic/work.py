"""What is wrong in a worked answer: the first wrong step.

'47*(3+30)=', written '47*33=141+1400=1541'  ->  Wrong(before='47*33', step='141+1400', operation='parts')
"""

import re
from dataclasses import dataclass
from itertools import pairwise

from stages.arithmetic import grammar
from stages.common.messages import BadInput

# What the step after an expression does: a sum or difference, a product, the parts of a product, or a sum of parts
OPERATIONS = "sum", "product", "parts", "part_sum"

GROUP = re.compile(r"\((.*)\)")


@dataclass(frozen=True)
class Wrong:
    """A `step` that does not equal the expression `before` it."""

    before: str
    step: str
    operation: str

    def __str__(self) -> str:
        return f"{self.before}: {self.step} is wrong" if self.step else f"{self.before}: the next step is missing"


def wrong(src: str, written: str) -> Wrong | None:
    """The first step that does not equal the expression before it; None if all steps and the value are right.

    The last step must be the value as a number; otherwise the next one is missing.
    """
    src = src.removesuffix("=")
    value = grammar.value(src)
    steps = written.split("=")
    if not grammar.SIGNED.fullmatch(steps[-1]):
        steps.append("")
    operation, grouped = "", False
    for place, (before, step) in enumerate(pairwise([src, *steps]), start=1):
        still = ("(" in before) == grouped
        operation, grouped = _operation(before, step, operation, still), "(" in before
        if not (step == str(value) if place == len(steps) else _equals(step, value)):
            return Wrong(before, step, operation)
    return None


def _operation(before: str, step: str, last: str, still: bool) -> str:
    """The operation of a step, one of OPERATIONS, after the `last` one.

    `still`: there is a group in parentheses before this step and the last one, or in neither.
    """
    group = GROUP.search(before)
    if "*" in (group[1] if group else before):
        return "parts" if _numbers(step) >= _numbers(before) else "product"
    return "part_sum" if last == "parts" or (last == "part_sum" and still) else "sum"


def _numbers(text: str) -> int:
    return len(grammar.NUMBER.findall(text))


def _equals(step: str, value: int) -> bool:
    try:
        return grammar.value(step, signed=True) == value
    except BadInput:
        return False
