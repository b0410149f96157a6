"""Somebody else's table, CSV or Parquet, with columns `src` and `tgt`: the rows that can be scored, and the others.

src,tgt
12*(3+4)=,84     ->  src '12*(3+4)=', tgt 84, template 'a*(b+c)'
3+4=,8           ->  "row 2: '3+4=' is 7, not 8"
"""

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pandas as pd
import pyarrow as pa

from stages import grammar
from stages.command import BadInput

OTHER = "other"  # the template of an expression that the corpus has none for
COLUMNS = ["src", "tgt"]
LARGEST = 10**18  # fits the column of a table


def read(path: Path) -> tuple[pa.Table, list[str]]:
    """The good rows, with their templates, and what is wrong with each bad one, counted from 1.

    Raises BadInput when there is no such file, it is neither kind, a column is missing or no row is good.
    """
    try:
        if path.suffix == ".csv":
            table = pd.read_csv(path, dtype=str, keep_default_na=False, skipinitialspace=True)
        else:
            table = pd.read_parquet(path)
    except FileNotFoundError as error:
        raise BadInput(f"{path}: no such file") from error
    # What pandas and PyArrow raise for a file of another kind
    except (ValueError, pa.ArrowException) as error:
        raise BadInput(f"{path}: not a CSV or Parquet file ({' '.join(str(error).split())[:120]})") from error
    if missing := set(COLUMNS) - set(table.columns):
        raise BadInput(f"{path}: no column {' and '.join(sorted(missing))}; it has {', '.join(table.columns)}")
    good, bad = [], []
    for number, src, tgt in zip(count(1), table["src"].astype(str), table["tgt"].astype(str), strict=False):
        reason = wrong(src, tgt)
        bad += [f"row {number}: {reason}"] if reason else []
        good += [] if reason else [(src, int(tgt), template(src))]
    if not good:
        raise BadInput(f"{path}: no row can be scored; {bad[0] if bad else 'it has none'}")
    src, tgt, templates = zip(*good, strict=True)
    return pa.table({"src": src, "tgt": pa.array(tgt, pa.int64()), "template": pa.array(templates)}), bad


def wrong(src: str, tgt: str) -> str | None:
    """What is wrong with a row, if anything."""
    if not src.endswith("="):
        return f"{src!r} does not end with '='"
    try:
        value = grammar.evaluate(src)
    except BadInput as error:
        return str(error)
    if abs(value) > LARGEST:
        return f"the value of {src[:40]!r} is too large to be scored"
    return None if tgt == str(value) else f"{src!r} is {value}, not {tgt[:20]}"


def template(src: str) -> str:
    """The template that an expression is of."""
    letters: Iterator[str] = iter("abc")
    found = grammar.NUMBER.sub(lambda _: next(letters, "?"), src.removesuffix("="))
    return found if found in grammar.TEMPLATES else OTHER
