"""The results that the page is made from, each checked as it is read.

reports/history/full-lstm.csv: epoch 1, train_loss 2.18, valid_loss 2.01, …  ->  a table with 25 rows
"""

from pathlib import Path

import pandas as pd

from stages import files, measures
from stages.columns import (
    AMOUNT,
    ANY_TEXT,
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
SEED_CURVES = {"point": TEXT} | {name: CURVE[name] for name in CURVE if name == "epoch" or name.startswith("valid_")}
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
ANSWERS = {"written": ANY_TEXT, "predicted": ANY_TEXT, "correct": TRUTH, "probability": SHARE}


def curve(path: Path, epochs: int) -> pd.DataFrame:
    """The curve, a row for each of `epochs` epochs."""
    table = read_csv(path, CURVE, REPRO)
    counted(path, table["epoch"].tolist(), epochs)
    return table


def seed_curves(path: Path) -> pd.DataFrame | None:
    """The curves that the study `seeds` kept, a row per point and epoch; None if it keeps none."""
    return read_csv(path, SEED_CURVES, f"`git checkout {path}` brings it back") if path.exists() else None


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


def counted(path: Path, epochs: list[int], last: int) -> None:
    """Raise BadInput unless the epochs count from 1 to `last`."""
    if len(epochs) != last:
        raise BadInput(f"{path}: must have a row for each of {last} epochs (found {len(epochs)})")
    for place, epoch in enumerate(epochs, start=1):
        if epoch != place:
            raise BadInput(f"{path}: epoch, row {place}: must be {place} (found {epoch})")
