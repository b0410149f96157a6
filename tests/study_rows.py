"""Rows of a study of two learning rates, made by hand.

rows([(1, 0.9)], [(1, 0.1)])  ->  unsteadiness 0.9 at lr 0.01 and 0.1 at lr 0.001, both of seed 1
"""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from stages.studies import table


def rows(large: Iterable[tuple], small: Iterable[tuple], status: str = "done") -> pd.DataFrame:
    """Unsteadiness at lr 0.01, with this status, and at lr 0.001: pairs of a seed and its value."""
    found = [(lr, seed, value, "done") for lr, values in ((0.01, large), (0.001, small)) for seed, value in values]
    table = pd.DataFrame(found, columns=["lr", "seed", "unsteadiness", "status"])
    table.loc[table["lr"] == 0.01, "status"] = status
    return table.assign(rows=np.nan, **dict.fromkeys(table.ORIGIN))
