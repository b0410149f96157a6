"""The results that the page is made from, each checked as it is read.

reports/history/full-lstm.csv: epoch 1, train_loss 2.18, valid_loss 2.01, …  ->  a table with 25 rows
"""

from pathlib import Path

import pandas as pd

from stages import files, measures
from stages.columns import (
    AMOUNT,
    ANY_TEXT,
    COUNT,
    INTEGER,
    ORDINAL,
    SHARE,
    TEXT,
    TRUTH,
    check,
    read_csv,
    read_json,
    with_gaps,
)
from stages.command import BadInput

REPRO = "`dvc repro` makes it"

CURVE = {
    "epoch": ORDINAL,
    "train_loss": AMOUNT,
    "train_token_accuracy": SHARE,
    "clipped": with_gaps(SHARE),
    "valid_loss": AMOUNT,
    "valid_token_accuracy": SHARE,
    "valid_exact_match": SHARE,
}
METRICS = {name: measure.column for name, measure in measures.of(measures.METRICS).items()}
TIMING = {
    "seconds_per_epoch": AMOUNT,
    "rows_per_second": AMOUNT,
    "peak_memory_mib": with_gaps(AMOUNT),
    "device": TEXT,
    "threads": ORDINAL,
    "processes": ORDINAL,
    "torch": TEXT,
    "processor": with_gaps(TEXT),  # older timings have none
}
ANSWERS = {"predicted": ANY_TEXT, "correct": TRUTH, "probability": SHARE}

# What a study keeps of a point
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
}
ROUNDING = {"sha256": TEXT, "rows": ORDINAL, "changed": COUNT, "exact_match": SHARE}


def curve(path: Path, epochs: int) -> pd.DataFrame:
    """The curve, a row for each of `epochs` epochs."""
    table = read_csv(path, CURVE, REPRO)
    _counted(path, table["epoch"].tolist(), epochs)
    return table


def metrics(path: Path) -> pd.DataFrame:
    """One row."""
    return read_json(path, METRICS, REPRO)


def timing(path: Path) -> pd.DataFrame:
    """One row."""
    return read_json(path, TIMING, REPRO)


def answers(path: Path) -> pd.DataFrame:
    """A row for each answered expression."""
    table = files.read_table(path, files.PREDICTIONS)
    for name, column in ANSWERS.items():
        check(path, name, column, table[name].to_pylist())
    return table.to_pandas()


def whole(folder: Path) -> tuple[pd.DataFrame | dict, ...]:
    """A study's history, kinds, mistakes (empty if every answer is correct), held-out rows and rounding."""
    remedy = f"`git checkout {folder}` brings it back"
    history, kinds, mistakes, held_out = (
        # As text: these may be empty or look like numbers
        read_csv(
            folder / f"{name}.csv",
            columns,
            remedy,
            empty=name == "mistakes",
            dtype={"src": str, "written": str, "predicted": str, "template": str},
            keep_default_na=False,
        )
        for name, columns in KEPT.items()
    )
    _counted(folder / "history.csv", history["epoch"].tolist(), len(history))
    for place, row in enumerate(kinds.itertuples(), start=1):
        if row.right > row.rows:
            where = f"{folder / 'kinds.csv'}: right, row {place}"
            raise BadInput(f"{where}: must be at most {row.rows}, its rows (found {row.right})")
    mistakes, held_out = (
        table.assign(written=table.get("written", table["predicted"])) for table in (mistakes, held_out)
    )
    (rounding,) = read_json(folder / "rounding.json", ROUNDING, remedy).to_dict("records")
    return history, kinds, mistakes, held_out, rounding


def _counted(path: Path, epochs: list[int], last: int) -> None:
    if len(epochs) != last:
        raise BadInput(f"{path}: must have a row for each of {last} epochs (found {len(epochs)})")
    for place, epoch in enumerate(epochs, start=1):
        if epoch != place:
            raise BadInput(f"{path}: epoch, row {place}: must be {place} (found {epoch})")
