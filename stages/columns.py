"""The values that each column of a result may hold, and a one-line error for the first value that it may not.

{"exact_match": 1.2}  ->  reports/metrics/full-lstm.json: exact_match: must be a share from 0 to 1 (found 1.2)
"""

import csv
import io
import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from stages.command import BadInput, shown

NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?|inf", re.IGNORECASE)


@dataclass(frozen=True)
class Column:
    """The allowed values of a column, in words and as a test. With `gaps`, values or the column may be missing."""

    words: str
    fits: Callable[[Any], bool]
    gaps: bool = False


def number(words: str, low: float, high: float = sys.float_info.max, whole: bool = False) -> Column:
    """Numbers from `low` to `high`, both included."""

    def fits(value: Any) -> bool:
        return type(value) in (int, float) and low <= value <= high and (not whole or value == int(value))

    return Column(words, fits)


def with_gaps(column: Column) -> Column:
    return replace(column, gaps=True)


EXACT = 2**53  # float64 holds every whole number up to here
SHARE = number("a share from 0 to 1", 0, 1)
AMOUNT = number("a number, 0 or more", 0)
ENDLESS = number("a number, 0 or more, or inf", 0, float("inf"))
COUNT = number("a whole number, 0 or more", 0, EXACT, whole=True)
ORDINAL = number("a whole number, 1 or more", 1, EXACT, whole=True)
INTEGER = number("a whole number", -EXACT, EXACT, whole=True)
TEXT = Column("text", lambda value: isinstance(value, str) and value != "")
ANY_TEXT = Column("text", lambda value: isinstance(value, str))
TRUTH = Column("true or false", lambda value: isinstance(value, bool))

Columns = Mapping[str, Column]


def read_csv(path: Path, columns: Columns, remedy: str, empty: bool = False, **options: Any) -> pd.DataFrame:
    """The CSV table at `path`, read by pandas with `options`. It must have rows unless `empty` is true.

    Raises BadInput naming the file and the wrong column or row. If the table is missing or incomplete, the message ends
    with `remedy`.
    """
    with _readable(path, remedy):
        text = path.read_text(encoding="utf-8-sig")
        if "\0" in text:
            raise ValueError("it has NUL bytes")
        if not text.strip():
            raise ValueError("it is empty")
        header, *rows = [row for row in csv.reader(io.StringIO(text), strict=True) if row]
    _complete(path, header, columns, remedy)
    if doubled := {name for name in header if header.count(name) > 1}:
        raise BadInput(f"{path}: {shown(', '.join(sorted(doubled)))}: duplicate column; {remedy}")
    for place, row in enumerate(rows, start=1):
        if len(row) != len(header):
            raise BadInput(f"{path}: row {place}: must have {len(header)} values (found {len(row)})")
    if not rows and not empty:
        raise BadInput(f"{path}: has a header but no rows; {remedy}")
    for name, cells in zip(header, zip(*rows, strict=True), strict=bool(rows)):
        if column := columns.get(name):
            check(path, name, column, [_value(cell, column) for cell in cells])
    return pd.read_csv(io.StringIO(text), index_col=False, **options)


def read_json(path: Path, columns: Columns, remedy: str) -> pd.DataFrame:
    """The JSON object at `path` as a table of one row; raises BadInput as `read_csv` does."""
    with _readable(path, remedy):
        content = json.loads(path.read_text(encoding="utf-8-sig"), object_pairs_hook=_once)
    if not isinstance(content, dict):
        raise BadInput(f"{path}: must hold keys and values (found {shown(json.dumps(content))})")
    _complete(path, content, columns, remedy)
    for name, column in columns.items():
        if name in content:
            check(path, name, column, [content[name]])
    return pd.DataFrame([content])


def check(path: Path, name: str, column: Column, values: list) -> None:
    """Raise BadInput for the first value that does not fit the column; names its row if there are several."""
    for place, value in enumerate(values, start=1):
        if not (column.fits(value) or (column.gaps and value is None)):
            where = f"{name}, row {place}" if len(values) > 1 else name
            found = "nothing" if value is None else shown(value if isinstance(value, str) else json.dumps(value))
            raise BadInput(f"{path}: {where}: must be {column.words} (found {found})")


def _value(cell: str, column: Column) -> Any:
    """A cell of a CSV file as the text or number that its column holds; None for an empty cell."""
    if column.fits(cell):
        return cell
    if not NUMBER.fullmatch(cell):
        return cell or None
    return int(value) if (value := float(cell)).is_integer() else value


def _complete(path: Path, names: Any, columns: Columns, remedy: str) -> None:
    if missing := [name for name, column in columns.items() if name not in names and not column.gaps]:
        raise BadInput(f"{path}: lacks {', '.join(sorted(missing))}; {remedy}")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) < len(pairs):
        raise ValueError(f"duplicate key among {', '.join(content)}")
    return content


@contextmanager
def _readable(path: Path, remedy: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise BadInput(f"{path}: no such file; {remedy}") from error
    except (ValueError, csv.Error, RecursionError) as error:
        raise BadInput(f"{path}: cannot be read ({shown(str(error), 120)}); {remedy}") from error
