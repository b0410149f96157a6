"""A seeded sample of one dataset's rows, split into training rows and held-out rows.

21300 rows, sample all, valid_share 0.1  ->  19170 training rows, 2130 held-out rows, none in both
"""

import argparse
from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow as pa
from sklearn.model_selection import train_test_split

from stages import files, params
from stages.command import BadInput, one_line
from stages.sources import given


def sample(rows: int, size: int | Literal["all"], valid_share: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """The numbers of the training rows and of the held-out rows, drawn from 0..rows-1 without replacement."""
    drawn = np.arange(rows) if size == "all" else np.random.default_rng(seed).choice(rows, size, replace=False)
    train, valid = train_test_split(drawn, test_size=valid_share, random_state=seed)
    return train, valid


def count(path: Path) -> int:
    """The number of rows in the table at `path`; raises BadInput if there are none. Reads one column."""
    rows = sum(len(batch) for batch in files.batches(path, pa.schema([files.EXPRESSIONS.field("tgt")])))
    if not rows:
        raise BadInput(f"{path}: has no rows")
    return rows


def pick(path: Path, rows: np.ndarray) -> pa.Table:
    """The rows of the table at `path` with these ascending numbers; no other row stays in memory."""
    picked, start = [], 0
    for batch in files.batches(path):
        first, last = np.searchsorted(rows, [start, start + len(batch)])
        picked.append(batch.take(pa.array(rows[first:last] - start)))  # even if empty, for its dictionary
        start += len(batch)
    return pa.Table.from_batches(picked, files.EXPRESSIONS)  # without the file's metadata


def main() -> None:
    parser = argparse.ArgumentParser(description="Draw a sample of a dataset's rows and split it.")
    parser.add_argument("params", type=Path)
    parser.add_argument("dataset", help="a name under `datasets` of params.yaml")
    parser.add_argument("subset", type=given, help="Parquet file to read")
    parser.add_argument("train", type=Path, help="Parquet file to write: training rows")
    parser.add_argument("valid", type=Path, help="Parquet file to write: held-out rows")
    args = parser.parse_args()

    config, dataset = params.find(args.params, "datasets", args.dataset)
    rows = count(args.subset)
    where = f"{args.params}: datasets.{args.dataset}.sample"
    if dataset.sample != "all" and dataset.sample > rows:
        raise BadInput(f"{where}: must be at most {rows}, the rows of {args.subset} (found {dataset.sample})")
    try:
        train, valid = sample(rows, dataset.sample, config.valid_share, config.sample_seed)
    except ValueError as error:  # scikit-learn's message if the share leaves one side empty
        raise BadInput(f"{where}: {error}") from error
    drawn = np.sort(np.concatenate([train, valid]))
    with files.outputs(args.train, args.valid) as drafts:
        table = pick(args.subset, drawn)
        for draft, part in zip(drafts, (train, valid), strict=True):
            files.write_table(draft, table.take(np.searchsorted(drawn, part)))


if __name__ == "__main__":
    with one_line("sample"):
        main()
