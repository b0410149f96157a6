"""Rows of a study of two learning rates, made by hand.

rows([(1, 0.9)], [(1, 0.1)])  ->  unsteadiness 0.9 at lr 0.01 and 0.1 at lr 0.001, both of seed 1
"""

from collections.abc import Iterable

import numpy as np
import pandas as pd


def rows(large: Iterable[tuple], small: Iterable[tuple], status: str = "done") -> pd.DataFrame:
    """Unsteadiness at lr 0.01, with this status, and at lr 0.001: pairs of a seed and its value."""
    values = [(0.01, seed, value, status) for seed, value in large] + [(0.001, *pair, "done") for pair in small]
    table = pd.DataFrame(values, columns=["lr", "seed", "unsteadiness", "status"])
    return table.assign(rows=np.nan, processor=np.nan, commit=np.nan)
