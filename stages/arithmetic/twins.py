"""Expressions with the same operands, and twins: expressions with the same operands and the same value.

'12*(3+4)=', '(4+3)*12=', '3*4-12='  ->  the same key; the first two, both 84, are twins
"""

import numpy as np
import pyarrow as pa

BASE = 1001  # operands are below 1000


def keys(rows: pa.Table | pa.RecordBatch) -> np.ndarray:
    """A number for each row (N) with columns a, b, c, equal for the same operands in any order."""
    columns = [np.asarray(rows[letter].fill_null(-1)) for letter in "abc"]  # -1: no third operand
    low, middle, high = np.sort(np.stack(columns).astype(np.int64), axis=0) + 1  # (N) each; + 1: from -1 to 0
    return (low * BASE + middle) * BASE + high


def twins(rows: pa.Table, train: pa.Table) -> np.ndarray:
    """Whether each of the rows (N) has a twin among the training rows: bool (N)."""
    one, other = (keys(table) * 2**32 + np.asarray(table["tgt"]) for table in (rows, train))
    return np.isin(one, other)
