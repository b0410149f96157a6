"""The results that the page is made from; a missing or unreadable file is one line.

reports/history/full-lstm.csv: epoch 1, train_loss 2.18, valid_loss 2.01, …  ->  a table with 25 rows
"""

import json
from pathlib import Path
from typing import Any

import pandas as pd

from stages.common.tables import read_table, readable
from stages.network import PREDICTIONS

KEPT = "history", "kinds", "mistakes", "held_out", "beyond"  # tables that a study kept of a point
TEXTS = "src", "written", "predicted", "template", "kind"  # columns whose cells may be empty or look like numbers


def csv(path: Path) -> pd.DataFrame:
    """A table that `evaluate` or a study wrote."""
    with readable(path, "`dvc repro` makes it, or `git checkout` brings it back"):
        return pd.read_csv(path)


def row(path: Path) -> pd.DataFrame:
    """A JSON object as a table of one row."""
    with readable(path):
        return pd.DataFrame([json.loads(path.read_text(encoding="utf-8"))])


def answers(path: Path) -> pd.DataFrame:
    """A row for each answered expression."""
    return read_table(path, PREDICTIONS).to_pandas()


def kept(folder: Path) -> list[Any]:
    """What a study kept: history, kinds, mistakes (perhaps none), held-out rows, beyond, rounding and, if new, map."""
    path = folder / "rounding.json"
    with readable(path, _remedy(folder)):
        rounding = json.loads(path.read_text(encoding="utf-8"))
    drawn = pd.read_csv(path, dtype={"right": str}) if (path := folder / "map.csv").exists() else None
    return [*_tables(folder), rounding, drawn]


def _tables(folder: Path) -> list[pd.DataFrame]:
    tables = []
    for name in KEPT:
        with readable(path := folder / f"{name}.csv", _remedy(folder)):
            table = pd.read_csv(path, dtype=dict.fromkeys(TEXTS, str), keep_default_na=False)
        if "predicted" in table:  # older tables have no `written`
            table = table.assign(written=table.get("written", table["predicted"]))
        tables.append(table)
    return tables


def _remedy(folder: Path) -> str:
    return f"`git checkout {folder}` brings it back"
