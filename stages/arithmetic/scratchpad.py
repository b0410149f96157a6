"""Worked answers: the expression again after each operation, up to its value (Nye et al. 2021, "Show Your Work").

template 'a*(b+c)', operands 12, 3, 4  ->  '12*7=84'
template 'a-b*c', operands 9, 12, 34   ->  '9-(48+360)=9-408=-399'
template 'a*b*c', operands 29, 3, 42   ->  '87*42=174+3480=3654'

An intermediate value may be negative: '3*-5=-15'. A product is written in one go if one factor has one digit and the
other at most two, or if one is 0, 1 or -1. Any other is worked in parts: each digit of one factor (the longer one, or
the right one of two equally long), from the last to the first and without zeros, times the other factor. The parts are
added one at a time, from the left, in parentheses if the product is not the whole expression. The longest answer over
0..49, to '28*48*34=', is (224+1120)*34=1344*34=136+1360+10200+34000=1496+10200+34000=11696+34000=45696
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from stages.arithmetic import grammar

STEP = 99  # the most characters of one step of a network that asks itself: five numbers of 18 digits
Numbers = np.ndarray
OPERATORS = {"+": np.add, "-": np.subtract, "*": np.multiply}


def steps(template: str, values: Mapping[str, Numbers]) -> pa.Array:
    """The worked answers (N) to the rows of a template, from its operands by letter (N each)."""
    a, first, b, *rest = (values.get(mark, mark) for mark in re.findall("[a-c*+-]", template))
    if not rest:
        return _lines([*_parts(a, first, b), OPERATORS[first](a, b)])
    second, c = rest
    # The right operation comes first if it is in parentheses, or if it alone is a product and there are none
    if template.endswith(")") or (first != "*" and second == "*" and "(" not in template):
        inner, before, after = (b, second, c), [a, first], []
        outer = a, first, OPERATORS[second](b, c)
    else:
        inner, before, after = (a, first, b), [], [second, c]
        outer = OPERATORS[first](a, b), second, c
    worked = [_text(*before, "(", sums, ")", *after) for sums in _parts(*inner)]
    left, operator, right = outer
    return _lines([*worked, _text(*outer), *_parts(*outer), OPERATORS[operator](left, right)])


def longest(operands: int) -> int:
    """At least the length of the longest worked answer over 0..operands-1, which a product of three has."""
    size = len(str(operands - 1))
    inner = _most(size, size) + (size - 1) * len("()*") + (size - 1) * size
    outer = 2 * size + len("*") + size + len("=") + _most(2 * size, size)
    return inner + outer + 3 * size


@dataclass(frozen=True)
class Answers:
    """What a network writes: the column of a table that has it, and at least the longest one's length over 0..n-1."""

    column: str
    longest: Callable[[int], int]


SCRATCHPADS = {
    "none": Answers("tgt", grammar.longest_answer),
    "steps": Answers("steps", longest),
    "questions": Answers("tgt", lambda operands: STEP),  # of several steps; see `questions`
}


def _most(split: int, other: int) -> int:
    """At least the length of all sums of parts, each with its '=', of a product of factors with so many digits."""
    # The part of digit `place`, and the sum of all parts up to there, have at most other + place + 1 digits
    sums = [[other + place + 1 for place in range(first, split)] for first in range(split - 1)]
    return sum(sum(parts) + len(parts) + len("=") for parts in sums)  # a sign for each part


def _parts(a: Numbers, operator: str, b: Numbers) -> list[pa.Array]:
    """The sums of parts of a product, as texts (N each), null for rows that have fewer; [] for other operations."""
    if operator != "*":
        return []
    right = _digits(a) <= _digits(b)
    split, other = np.where(right, b, a), np.where(right, a, b)
    one_go = (abs(other) <= 1) | (_digits(other) == 1) & (_digits(split) <= 2)
    scales = 10 ** np.arange(_digits(split).max())[:, None]
    parts = np.sign(split) * (abs(split) // scales % 10) * scales * other  # (digits, N)
    parts = np.take_along_axis(parts, np.argsort(parts == 0, axis=0, kind="stable"), axis=0)  # zeros last
    parts[:, one_go] = 0
    return [_sum(parts[: count + 1].sum(axis=0), parts[count + 1 :]) for count in range(len(parts) - 1)]


def _sum(first: Numbers, others: Numbers) -> pa.Array:
    """'294+1680+8400' from 294 and [1680, 8400, 0]; null where all others are 0."""
    more = [pc.if_else(part > 0, _text("+", part), pc.if_else(part < 0, _text(part), None)) for part in others]
    return pc.if_else(others[0] != 0, pc.binary_join_element_wise(_text(first), *more, "", null_handling="skip"), None)


def _digits(numbers: Numbers) -> Numbers:
    return np.char.str_len(abs(numbers).astype(str))


def _text(*parts: Numbers | pa.Array | str) -> pa.Array:
    """The parts one after the other (N); null where one of them is null."""
    texts = [pa.array(part).cast(pa.string()) if isinstance(part, np.ndarray) else part for part in parts]
    return pc.binary_join_element_wise(*texts, "")


def _lines(steps: list[Numbers | pa.Array]) -> pa.Array:
    """The steps, nulls left out, with '=' between them (N)."""
    return pc.binary_join_element_wise(*map(_text, steps), "=", null_handling="skip")
