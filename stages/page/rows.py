"""The rows of a study at a place, and the values of a measure in them.

at lr=0.01: seeds 1 and 2, loss 0.5 and 0.6  ->  a Series 0.5, 0.6 by seed
"""

import numpy as np
import pandas as pd

from stages.page.digits import general
from stages.studies import design
from stages.studies.measures import BY_NAME
from stages.studies.table import DONE, LEFT_OUT

StudyRows = tuple[design.Study, pd.DataFrame]


def at(table: pd.DataFrame, place: design.Point) -> pd.DataFrame:
    """The rows at a place."""
    rows = table
    for name, value in place.items():
        written = rows[name].map(word) if name in rows else pd.Series("", rows.index)
        rows = rows[written == word(value)]
    return rows


def measured(rows: pd.DataFrame, measure: str) -> pd.Series:
    """The measure by seed and draw, without gaps; a failed training has an infinite loss, and no other measure."""
    failed = np.inf if BY_NAME[measure].endless else np.nan
    values = rows[measure].where(rows["status"] == DONE, failed)
    if seeds := [name for name in design.SEEDS if name in rows]:
        values = values.set_axis(pd.MultiIndex.from_frame(rows[seeds].map(word)))
    else:
        values = values.reset_index(drop=True)
    return values[(~left_out(rows)).to_numpy()].dropna()


def left_out(rows: pd.DataFrame) -> pd.Series:
    return rows["status"].astype(str).str.startswith(LEFT_OUT)


def written(value: float) -> str:
    return "never" if np.isinf(value) else general(value)


def word(value: object) -> str:
    """64 and 64.0, which a table with gaps makes of it, are the same."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return f"{value:g}" if isinstance(value, float) else str(value)
