"""What is hard in an expression for a person: carries, borrows, large intermediate products.

'38+(4*16)='  ->  product 64, and a carry in 38 + 64
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from stages.arithmetic import grammar

NOTHING = -1  # the largest product of an expression without products


def hardships(predictions: pd.DataFrame) -> pd.DataFrame:
    """For each row (src, template): whether an addition carries, whether a subtraction borrows, and the largest
    absolute product, or NOTHING."""
    found = []
    for template, rows in predictions.groupby("template", observed=True):
        operands = np.array([[int(number) for number in grammar.NUMBER.findall(src)] for src in rows["src"]])
        notes = Notes(*(np.full(len(rows), kind) for kind in (False, False, NOTHING)))
        names = {letter: Traced(values, notes) for letter, values in zip("abc", operands.T, strict=False)}
        grammar.value(template, names)
        found.append(pd.DataFrame(vars(notes), rows.index))
    return pd.concat(found).reindex(predictions.index)


@dataclass
class Notes:
    """What happened to each row (N) during its calculation."""

    carry: np.ndarray
    borrow: np.ndarray
    product: np.ndarray


class Traced:
    """Operands (N) for `grammar.value` that note each operation on them."""

    def __init__(self, values: np.ndarray, notes: Notes):
        self.values, self.notes = values, notes

    def __add__(self, other: "Traced") -> "Traced":
        one, two = abs(self.values), abs(other.values)
        # On paper numbers of one sign are added, and of two signs the smaller is taken from the larger one.
        together = self.values * other.values >= 0
        difference = abs(one - two)
        self.notes.carry |= together & carries(one, two)
        self.notes.borrow |= ~together & carries(difference, np.minimum(one, two))
        return Traced(self.values + other.values, self.notes)

    def __sub__(self, other: "Traced") -> "Traced":
        return self + Traced(-other.values, self.notes)

    def __mul__(self, other: "Traced") -> "Traced":
        product = self.values * other.values
        self.notes.product = np.maximum(self.notes.product, abs(product))
        return Traced(product, self.notes)


def carries(one: np.ndarray, two: np.ndarray) -> np.ndarray:
    """Whether adding two numbers, column by column, carries: each carry takes 9 from the sum of the digits.

    A subtraction borrows where adding its result to what was subtracted carries.
    """
    return _digit_sum(one) + _digit_sum(two) > _digit_sum(one + two)


def _digit_sum(numbers: np.ndarray) -> np.ndarray:
    total = np.zeros_like(numbers)
    while numbers.any():
        numbers, digit = np.divmod(numbers, 10)
        total += digit
    return total
