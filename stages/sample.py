"""A seeded sample of one dataset's rows, split into training rows and held-out rows, and test rows that choose nothing.

21300 rows, sample all, valid_share 0.1  ->  19170 training rows, 2130 held-out rows, none in both
split operands                           ->  '12*(3+4)=' and '4+3*12=' are both training rows or both held out
"""

import argparse
from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow as pa
from sklearn.model_selection import train_test_split

from stages.arithmetic import twins
from stages.common import params, tables
from stages.common.command import one_line
from stages.common.messages import BadInput
from stages.common.watch import given

Size = int | Literal["all"]
OPERANDS = pa.schema([tables.EXPRESSIONS.field(letter) for letter in "abc"])


def by_rows(keys: np.ndarray, size: Size, share: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """The numbers of the training rows and of the held-out rows, a `share`, drawn without replacement.

    Only the number of `keys` (N) counts. Raises ValueError if a side would be empty.
    """
    rows = len(keys)
    drawn = np.arange(rows) if size == "all" else np.random.default_rng(seed).choice(rows, size, replace=False)
    train, valid = train_test_split(drawn, test_size=share, random_state=seed)
    return train, valid


def by_operands(keys: np.ndarray, size: Size, share: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """As `by_rows`, but rows with equal keys (N) are on the same side.

    The sizes are those of `by_rows`, except for a sample of all rows: then the held-out rows are too many by less than
    the rows of one key. Raises ValueError if a side has too few rows.
    """
    rows = np.arange(len(keys) if size == "all" else size)
    train, valid = map(len, train_test_split(rows, test_size=share, random_state=seed))
    random = np.random.default_rng(seed)
    _, number, counts = np.unique(keys, return_inverse=True, return_counts=True)
    order = random.permutation(len(counts))
    # Hold out keys until the held-out side has its share of all rows; the key that reaches it still belongs there
    before = np.cumsum(counts[order]) - counts[order]
    held_out = np.zeros(len(counts), bool)
    held_out[order[before < share * len(keys)]] = True
    sides = [np.flatnonzero(held_out[number] == side) for side in (False, True)]
    wanted = [len(side) for side in sides] if size == "all" else [train, valid]
    if not all(wanted) or any(len(side) < needed for side, needed in zip(sides, wanted, strict=True)):
        left = " and ".join(f"{len(side)}" for side in sides)
        raise ValueError(f"the operands leave {left} rows to train on and to hold out; {train} and {valid} are needed")
    drawn = [random.choice(side, needed, replace=False) for side, needed in zip(sides, wanted, strict=True)]
    return drawn[0], drawn[1]


SPLITS = {"rows": by_rows, "operands": by_operands}


def operand_keys(path: Path) -> np.ndarray:
    """`twins.keys` of the table at `path` (N), read in batches."""
    return np.concatenate([twins.keys(batch) for batch in tables.batches(path, OPERANDS)])


def pick(path: Path, rows: np.ndarray) -> pa.Table:
    """The rows of the table at `path` with these ascending numbers; no other row stays in memory."""
    picked, start = [], 0
    for batch in tables.batches(path):
        first, last = np.searchsorted(rows, [start, start + len(batch)])
        picked.append(batch.take(pa.array(rows[first:last] - start)))  # even if empty, for its dictionary
        start += len(batch)
    return pa.Table.from_batches(picked, tables.EXPRESSIONS)  # without the file's metadata


def main() -> None:
    parser = argparse.ArgumentParser(description="Draw a sample of a dataset's rows and split it.")
    parser.add_argument("params", type=Path)
    parser.add_argument("dataset", help="a name under `datasets` of params.yaml")
    parser.add_argument("subset", type=given, help="Parquet file to read")
    parser.add_argument("train", type=Path, help="Parquet file to write: training rows")
    parser.add_argument("valid", type=Path, help="Parquet file to write: held-out rows")
    parser.add_argument("test", type=Path, help="Parquet file to write: test rows")
    args = parser.parse_args()

    config, dataset = params.find(args.params, "datasets", args.dataset)
    keys = operand_keys(args.subset)
    where = f"{args.params}: datasets.{args.dataset}.sample"
    split, seed, rest, test = SPLITS[dataset.split], config.sample_seed, np.arange(len(keys)), np.arange(0)
    try:
        if config.test_share:
            rest, test = split(keys, "all", config.test_share, seed)
        if dataset.sample != "all" and dataset.sample > len(rest):
            without = f" without {len(test)} test rows" if len(test) else ""
            raise BadInput(
                f"{where}: must be at most {len(rest)}, the rows of {args.subset}{without} (found {dataset.sample})"
            )
        train, valid = (rest[rows] for rows in split(keys[rest], dataset.sample, config.valid_share, seed))
    except ValueError as error:  # also scikit-learn's, if the share leaves one side empty
        raise BadInput(f"{where}: {error}") from error
    parts = train, valid, test
    drawn = np.sort(np.concatenate(parts))
    with tables.outputs(args.train, args.valid, args.test) as drafts:
        table = pick(args.subset, drawn)
        for draft, part in zip(drafts, parts, strict=True):
            tables.write_table(draft, table.take(np.searchsorted(drawn, part)))


if __name__ == "__main__":
    with one_line("sample"):
        main()
