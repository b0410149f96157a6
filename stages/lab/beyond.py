"""Expressions that the corpus does not have: larger operands, or four of them.

beyond(50)  ->  '87*(3+61)=', value 5568, kind '2 operands from 50 to 99'; '3+4*40-1=', value 162, kind 'four operands'
"""

import re
from itertools import product

import numpy as np
import pandas as pd

from stages import grammar

ROWS = 3000  # of each kind: enough to know a share within 0.02


def beyond(operands: int) -> pd.DataFrame:
    """ROWS expressions of each kind, for a network of the corpus over 0..operands-1: kind, template, src and tgt."""
    chance = np.random.default_rng(0)
    rows = []
    for large in (1, 2, 3):
        kind = f"{large} operand{'s' if large > 1 else ''} from {operands} to {2 * operands - 1}"
        rows += _drawn(kind, [one for one in grammar.TEMPLATES if len(_letters(one)) >= large], large, operands, chance)
    four = ["a{}b{}c{}d".format(*signs) for signs in product(grammar.OPERATORS, repeat=3)]
    rows += _drawn("four operands", four, 0, operands, chance)
    return pd.DataFrame(rows, columns=["kind", "template", "src", "tgt"])


def _letters(template: str) -> list[str]:
    return re.findall("[a-d]", template)


def _drawn(kind: str, templates: list[str], large: int, operands: int, chance: np.random.Generator) -> list[tuple]:
    """ROWS rows, each template equally often, `large` operands in each too large for the corpus."""
    rows = []
    for number in range(ROWS):
        template = templates[number % len(templates)]
        letters = _letters(template)
        values = dict(zip(letters, chance.integers(operands, size=len(letters)).tolist(), strict=True))
        for letter in chance.permutation(letters)[:large]:
            values[letter] += operands
        src = re.sub("[a-d]", lambda letter: str(values[letter[0]]), template)  # noqa: B023 - used at once
        rows.append((kind, template, f"{src}=", grammar.evaluate(src)))
    return rows
