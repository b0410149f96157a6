"""What a study kept of its points, each table checked as it is read.

reports/studies/calculator/steps/kinds.csv: template a*b, length 4, rows 88, right 88  ->  a table with a row per kind
"""

from pathlib import Path

import pandas as pd

from stages.columns import ANY_TEXT, COUNT, INTEGER, ORDINAL, SHARE, TEXT, Column, read_csv, read_json, with_gaps
from stages.command import BadInput
from stages.page.inputs import CURVE, counted

ASKED = {
    "src": TEXT,
    "tgt": INTEGER,
    "written": with_gaps(ANY_TEXT),  # older tables have none
    "predicted": ANY_TEXT,
    "template": TEXT,
    "probability": SHARE,
}
KEPT = {
    "history": {
        "epoch": ORDINAL,
        "valid_exact_match": SHARE,
        **{name: with_gaps(column) for name, column in CURVE.items() if name not in ("epoch", "valid_exact_match")},
    },
    "kinds": {"template": TEXT, "length": ORDINAL, "rows": ORDINAL, "right": COUNT},
    "mistakes": ASKED,
    "held_out": ASKED,
    "beyond": {"kind": TEXT, "template": TEXT, "rows": ORDINAL, "right": COUNT},
}
SHIPPED = {"everything": {"template": TEXT, "rows": ORDINAL, "right": COUNT}, "pairs": ASKED}
ROUNDING = {"sha256": TEXT, "parameters": ORDINAL, "rows": ORDINAL, "changed": COUNT, "exact_match": SHARE}


def kept(folder: Path) -> tuple[pd.DataFrame | dict, ...]:
    """What a study kept of a point: history, kinds, mistakes (perhaps none), held-out rows, beyond, and rounding."""
    history, kinds, mistakes, held_out, beyond = _tables(folder, KEPT)
    counted(folder / "history.csv", history["epoch"].tolist(), len(history))
    (rounding,) = read_json(folder / "rounding.json", ROUNDING, _remedy(folder)).to_dict("records")
    return history, kinds, mistakes, held_out, beyond, rounding


def shipped(folder: Path) -> list[pd.DataFrame]:
    """Of the network that ships: counts over the whole corpus, and every wrong answer to two operands."""
    return _tables(folder, SHIPPED)


def _tables(folder: Path, tables: dict[str, dict[str, Column]]) -> list[pd.DataFrame]:
    """The CSV tables of these names. Only tables of wrong answers may be empty."""
    found = []
    for name, columns in tables.items():
        path = folder / f"{name}.csv"
        table = read_csv(
            path,
            columns,
            _remedy(folder),
            empty=name in ("mistakes", "pairs"),
            # As text: these may be empty or look like numbers
            dtype={"src": str, "written": str, "predicted": str, "template": str, "kind": str},
            keep_default_na=False,
        )
        if "predicted" in columns:
            table = table.assign(written=table.get("written", table["predicted"]))
        if "right" in columns:
            _at_most_all(path, table)
        found.append(table)
    return found


def _at_most_all(path: Path, counts: pd.DataFrame) -> None:
    for place, row in enumerate(counts.itertuples(), start=1):
        if row.right > row.rows:
            raise BadInput(f"{path}: right, row {place}: must be at most {row.rows}, its rows (found {row.right})")


def _remedy(folder: Path) -> str:
    return f"`git checkout {folder}` brings it back"
