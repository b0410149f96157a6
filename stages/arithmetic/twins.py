"""Which expressions are alike: those with the same operands, their twins, and those that the corpus does not have.

'12*(3+4)=', '(4+3)*12=', '3*4-12='  ->  the same key; the first two, both 84, are twins
'99+1='                              ->  'an operand above 49'
"""

import numpy as np
import pyarrow as pa

from stages.arithmetic import grammar

BASE = 1001  # operands are below 1000


def keys(rows: pa.Table | pa.RecordBatch) -> np.ndarray:
    """A number for each row (N) with columns a, b, c, equal for the same operands in any order."""
    columns = [np.asarray(rows[letter].fill_null(-1)) for letter in "abc"]  # -1: no third operand
    low, middle, high = np.sort(np.stack(columns).astype(np.int64), axis=0) + 1  # (N) each; + 1: from -1 to 0
    return (low * BASE + middle) * BASE + high


def twins(rows: pa.Table, train: pa.Table) -> np.ndarray:
    """Whether each of the rows (N) has a twin among the training rows: bool (N)."""
    return np.isin(*(keys(table) * 2**32 + np.asarray(table["tgt"]) for table in (rows, train)))


def unseen(text: str, operands: int) -> str | None:
    """None if the corpus over 0..operands-1 contains this well-formed expression, else the reason why not."""
    text = grammar.without_blanks(text)
    numbers = grammar.NUMBER.findall(text)
    if grammar.NUMBER.sub("n", text.removesuffix("=")) not in grammar.SHAPES:
        return "an expression of this shape"
    if any(int(n) >= operands for n in numbers):
        return f"an operand above {operands - 1}"
    if any(n != str(int(n)) for n in numbers):
        return "an operand with a leading zero"
    return None
