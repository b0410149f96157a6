"""Checks of results against Python's own csv and json, and against hand-written ranges.

exact_match,loss     a table whose exact_match is 0.5  ->  ''
0.5,1.08             a table whose exact_match is 0.6  ->  "exact_match: 0.6 for '0.5'"
"""

import csv
import io
import json
import math

import pandas as pd

SHARES = {"exact_match", "token_accuracy", "position_accuracy", "train_token_accuracy", "clipped", "probability", "auc"}
SHARES |= {"valid_token_accuracy", "valid_exact_match", "right_length", "right_first", "right_last", "p_value"}
SHARES |= {"distance", "wrong_sum", "wrong_product", "wrong_parts", "wrong_part_sum"}
WHOLE = {"epoch", "rows", "parameters", "threads", "processes", "length"}  # 1 or more
AMOUNTS = {"loss", "train_loss", "valid_loss", "unsteadiness", "epochs_to_reach", "error"}
AMOUNTS |= {"seconds_per_epoch", "rows_per_second", "peak_memory_mib"}
ENDLESS = {"loss", "unsteadiness", "epochs_to_reach"}  # may be infinite in a study's table
NUMBERS = SHARES | WHOLE | AMOUNTS | {"right", "tgt"}
TEXTS = {"device", "torch", "point", "status", "template"}
MISSING = {"", "NA", "N/A", "n/a", "nan", "NaN", "-nan", "-NaN", "null", "NULL", "None", "<NA>", "#N/A"}  # to pandas
KEPT_GAPS = {"train_loss", "train_token_accuracy", "clipped", "valid_loss", "valid_token_accuracy"}


def fits(name: str, value: object, gaps: set[str], endless: set[str] = frozenset()) -> bool:
    """Whether a value is in its hand-written range; unknown names may have any value."""
    if value is None or value == "":
        return name in gaps or name not in NUMBERS | TEXTS
    if name not in NUMBERS:
        return isinstance(value, str) or name not in TEXTS
    if isinstance(value, bool) or not isinstance(value, int | float) or math.isnan(value):
        return False
    if math.isinf(value):
        return value > 0 and name in endless
    if name in SHARES:
        return 0 <= value <= 1
    if name in AMOUNTS:
        return value >= 0
    return value == int(value) and (name == "tgt" or value >= (name in WHOLE))


def of_json(content: bytes, table: pd.DataFrame) -> str:
    """What is wrong with the table of one row; an empty text if it is right."""
    (row,) = table.to_dict("records")
    for key, value in json.loads(content.decode("utf-8-sig")).items():
        if not (fits(key, value, {"peak_memory_mib"}) and _equal(row[key], value)):
            return f"{key}: {row[key]!r} for {value!r}"
    return ""


def of_csv(content: bytes, gaps: set[str], table: pd.DataFrame) -> str:
    """What is wrong with a run's table, or a table kept by a study; an empty text if it is right."""
    rows = _rows(content)
    if rows and "epoch" in rows[0] and [float(row["epoch"]) for row in rows] != list(range(1, len(rows) + 1)):
        return "epochs not counted from 1"
    if any(float(row["right"]) > float(row["rows"]) for row in rows if "right" in row):
        return "more right than rows"
    return _against(rows, table, gaps)


def of_study(content: bytes, points: dict[str, dict], table: pd.DataFrame) -> str:
    """What is wrong with a study's table; `points` are keyed by the labels in its column `point`."""
    rows = [row for row in _rows(content) if row["point"] in points]
    if len({row["point"] for row in rows}) < len(rows):
        return "a point twice"
    for row in rows:
        for key, value in points[row["point"]].items():
            cell = row.get(key, "")
            if cell not in MISSING and cell != str(value) and f"{float(cell):.5g}" != f"{float(value):.5g}":
                return f"{key}: {cell!r} at {row['point']}"
    return _against(rows, table, NUMBERS | {"device", "torch"}, ENDLESS)


def _rows(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=None)))


def _against(rows: list[dict], table: pd.DataFrame, gaps: set[str], endless: set[str] = frozenset()) -> str:
    if len(rows) != len(table):
        return f"{len(table)} rows for {len(rows)}"
    for row, found in zip(rows, table.to_dict("records"), strict=True):
        for key, cell in row.items():
            value = _number(cell) if key in NUMBERS else cell
            if not fits(key, value, gaps, endless) or (key in found and not _equal(found[key], value)):
                return f"{key}: {found.get(key)!r} for {cell!r}"
    return ""


def _number(cell: str) -> object:
    try:
        return float(cell)
    except ValueError:
        return cell


def _equal(found: object, value: object) -> bool:
    """Whether pandas' value equals Python's, up to pandas' precision; pandas reads some words as gaps."""
    if found is None or (isinstance(found, float) and math.isnan(found)):
        return value is None or str(value) in MISSING
    if isinstance(found, str):
        return found == value
    return str(found) == str(value) or math.isclose(float(found), float(value), rel_tol=1e-9)
