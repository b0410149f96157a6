"""Score a trained network on somebody else's table, whose columns `src` and `tgt` have expressions and their values.

$ python -m stages.score data/models/full-lstm.safetensors mine.csv
mine.csv: row 3: '3+4=' is 7, not 8
exact match 0.973000 of 1,000 rows; bad rows skipped: 1
"""

import argparse
from pathlib import Path


def arguments() -> argparse.Namespace:
    """The command line, read before the slow imports."""
    parser = argparse.ArgumentParser(description="Score a trained network on a table.")
    parser.add_argument("model", type=Path, help="model file to read")
    parser.add_argument("rows", type=Path, help="table with columns src and tgt: CSV, JSON lines, Parquet, Feather")
    return parser.parse_args()


if __name__ == "__main__":
    ARGUMENTS = arguments()

import bz2
import csv
import gzip
import io
import json
import lzma
import re
import time
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from functools import partial
from itertools import compress, islice
from typing import Any

import pyarrow as pa
import torch
from pyarrow import dataset
from tqdm import tqdm

from stages.arithmetic import grammar, twins
from stages.common.command import one_line
from stages.common.messages import BadInput, listed, printable
from stages.network import machine, scores, tokens, weights

COLUMNS = "src", "tgt"
ALIKE = {"input": "src", "question": "src", "output": "tgt", "answer": "tgt"}  # other tables' names for them
TEXT, JSON = (".csv", ".tsv", ".txt"), (".jsonl", ".ndjson", ".json")
PARQUET, ARROW = (".parquet", ".pq"), (".feather", ".arrow")
UNREADABLE = (  # errors of the readers; RuntimeError: a ZIP archive with a password
    *(pa.ArrowException, csv.Error, lzma.LZMAError, zipfile.BadZipFile, zlib.error),
    *(EOFError, OSError, RuntimeError, ValueError),
)
NAMED = 10  # bad rows that are listed; more would hide the result
PART = 1 << 12  # rows in memory at a time; few, so that the progress bar moves
OTHER = "other"  # the template of an expression that the corpus has no template for
# 84, +84, 84.0, 84,0, 8.4e1, 1,200 and 1 200: groups of three, a point or a comma, an exponent; any script's digits
NUMBER = re.compile(r"([+-]?)(\d{1,3}(?:[,' \u00a0\u202f]\d{3})+|\d+)(?:[.,](\d*))?([eE][+-]?\d{1,4})?")

Cells = tuple[Any, Any]  # src and tgt, None for a gap


def _unzipped(path: Path) -> Any:
    archive = zipfile.ZipFile(path)
    if len(names := archive.namelist()) != 1:
        raise BadInput(f"contains {len(names)} files; must contain one")
    return archive.open(names[0])


COMPRESSED: dict[str, Callable[[Path], Any]] = {
    **{".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open, ".zip": _unzipped},
    ".zst": partial(pa.input_stream, compression="zstd"),
}


def read(path: Path) -> Iterator[Cells]:
    """The cells of each row. Raises BadInput if the file's reader cannot read it, or if it lacks a column."""
    *_, before, ending = ["", "", *(suffix.lower() for suffix in path.suffixes)]
    kind = before if ending in COMPRESSED and before in TEXT + JSON else ending
    try:
        if kind in PARQUET + ARROW:
            yield from _columnar(path, kind)
        elif kind in TEXT + JSON:
            with io.BufferedReader(COMPRESSED[ending](path) if ending in COMPRESSED else path.open("rb")) as file:
                encoding = "utf-16" if file.peek(2)[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
                lines = filter(str.strip, io.TextIOWrapper(file, encoding, errors="replace"))
                yield from _json(lines) if kind in JSON else _csv(lines)
        else:
            known = ", ".join(TEXT + JSON + PARQUET + ARROW)
            raise BadInput(f"unknown file ending; use {known}; text may be compressed: {', '.join(COMPRESSED)}")
    except BadInput as error:
        raise BadInput(f"{path}: {error}") from error
    except FileNotFoundError as error:
        raise BadInput(f"{path}: no such file") from error
    except UNREADABLE as error:
        reason = " ".join(str(error).split()).rpartition("': ")[2]  # without the path, which PyArrow puts first
        reason = printable(reason, 120) or type(error).__name__
        raise BadInput(f"{path}: cannot be read as {kind} ({reason})") from error


def _columnar(path: Path, kind: str) -> Iterator[Cells]:
    """The rows of Parquet or Feather files; of a folder those of every file not called _… or .…"""
    checked = dataset.ParquetFragmentScanOptions(page_checksum_verification=True)
    form = dataset.ParquetFileFormat(default_fragment_scan_options=checked) if kind in PARQUET else "ipc"
    try:
        table = dataset.dataset(path, format=form)
        batches, names = table.to_batches, table.schema.names
    except pa.ArrowInvalid:
        if kind in PARQUET:
            raise
        stream = pa.ipc.open_stream(pa.memory_map(str(path)))  # Arrow's format for streams, which has no footer
        batches, names = (lambda **_: stream), stream.schema.names
    wanted = [names[place] for place in places(names)]
    for batch in batches(columns=wanted, batch_size=PART):
        batch.validate(full=True)  # a damaged file's offsets could point outside its memory
        yield from zip(*(batch.column(name).to_pylist() for name in wanted), strict=True)


def _csv(lines: Iterator[str]) -> Iterator[Cells]:
    """The rows of a text whose first line names the columns; the mark that it has most often separates them."""
    header = next(lines, "")
    cells = partial(csv.reader, delimiter=max(",;\t|", key=header.count), skipinitialspace=True, strict=True)
    wanted = places(next(cells([header]), []))
    for row in cells(lines):
        src, tgt = (row[place] if place < len(row) else None for place in wanted)
        yield src, tgt


def _json(lines: Iterable[str]) -> Iterator[Cells]:
    """The rows of a text with an object on each line; a missing value is a gap."""
    for number, line in enumerate(lines):
        try:
            row = json.loads(line)
            cells = {name.strip().lower(): value for name, value in row.items()}
        except (ValueError, AttributeError, RecursionError):
            yield line.strip(), None  # `judge` says what is wrong with such an expression
            continue
        if number == 0 and (cells.keys().isdisjoint(COLUMNS) or cells.keys() & ALIKE.keys()):
            places(list(row))  # says what the columns are called
        yield cells.get("src"), cells.get("tgt")


def places(names: Sequence[str]) -> list[int]:
    """The places of `src` and `tgt` among a table's columns, in any case. Raises BadInput unless each is there once."""
    plain = [name.strip().lower() for name in names]
    for wanted in COLUMNS:
        if plain.count(wanted) > 1:
            raise BadInput(f"has {plain.count(wanted)} columns {wanted}; keep one")
    if missing := [wanted for wanted in COLUMNS if wanted not in plain]:
        offers = [f"{name} to {ALIKE[name]}" for name in plain if name in ALIKE]
        hint = f"; rename {' and '.join(offers)}" if offers else ""
        raise BadInput(f"no column {' or '.join(missing)}; it has {listed(names)}{hint}")
    return [plain.index(wanted) for wanted in COLUMNS]


def judge(src: Any, tgt: Any) -> tuple[str, int]:
    """The expression of a row, with its `=`, and its value; raises BadInput for a gap or a wrong `tgt`."""
    src, tgt = _text(src), _text(tgt).strip()
    if not src.strip():
        raise BadInput("src is empty")
    value = grammar.value(src)
    src = grammar.without_blanks(src)
    if not tgt:
        raise BadInput(f"tgt of '{printable(src)}' is empty")
    if number(tgt) != value:
        raise BadInput(f"'{printable(src)}' is {value}, not {printable(tgt, 20)}")
    return src.removesuffix("=") + "=", value


def _text(cell: Any) -> str:
    return cell.decode(errors="replace") if isinstance(cell, bytes) else "" if cell is None else str(cell)


def number(text: str) -> Decimal | None:
    """The value of a number as people and programs write it; None for anything else, including NaN and infinity."""
    text = text.replace("\u2212", "-")  # the typographic minus sign
    if not (parts := NUMBER.fullmatch(text) if len(text) <= grammar.LONGEST else None):
        return None
    sign, grouped, fraction, exponent = parts.groups("")
    digits = re.sub(r"\D", "", grouped)
    return Decimal(f"{sign}{digits}.{fraction}{exponent}")


def template(src: str) -> str:
    """The template of an expression, or OTHER."""
    letters = iter("abc")
    shape = grammar.NUMBER.sub(lambda _: next(letters, "?"), src.removesuffix("="))
    return shape if shape in grammar.TEMPLATES else OTHER


def score(trained: weights.Trained, model: Path, path: Path, device: torch.device) -> Iterator[str]:
    """The lines to print: the first bad rows, then exact match, speed, and exact match by template.

    Raises BadInput if no row is good, or naming the file `model` if a probability is NaN.
    """
    asked, right, unseen = Counter[str](), Counter[str](), Counter[str]()
    bad, seconds = list[str](), 0.0
    # A progress bar, only on a terminal and after 5 seconds
    rows = enumerate(tqdm(read(path), "scoring", unit_scale=True, unit="row", delay=5, leave=False, disable=None), 1)
    while part := list(islice(rows, PART)):
        good = []
        for row, cells in part:
            try:
                good.append(judge(*cells))
            except BadInput as error:
                bad.append(f"row {row}: {error}" if len(bad) < NAMED else "")
        if not good:
            continue
        sources, answers = zip(*good, strict=True)
        started = time.perf_counter()
        decoded, probability = scores.decode(trained, tokens.encode_sources(sources).to(device))
        seconds += time.perf_counter() - started
        scores.check(model, f"probability of an answer to {path}", probability.sum().item())
        templates = [template(src) for src in sources]
        exact = scores.exact(trained.values(decoded), tokens.encode_answers(answers))
        asked.update(templates)
        right.update(compress(templates, exact.tolist()))
        unseen.update(filter(None, (twins.unseen(src, trained.operands) for src in sources)))
    if not asked:
        raise BadInput(f"{path}: no row can be scored; {bad[0] if bad else 'the table is empty'}")
    yield from (f"{path}: {reason}" for reason in bad[:NAMED])
    if len(bad) > NAMED:
        yield f"{path}: … and {len(bad) - NAMED:,} more"
    if unseen:
        yield "the network never saw " + ", ".join(f"{what} (rows: {count:,})" for what, count in unseen.items())
    yield f"exact match {right.total() / asked.total():.6f} of {asked.total():,} rows; bad rows skipped: {len(bad):,}"
    yield f"{asked.total() / seconds:,.0f} rows/s"
    for name in filter(asked.get, (*grammar.TEMPLATES, OTHER)):
        yield f"{name:<9} {right[name] / asked[name]:.6f} of {asked[name]:,}"


def main(args: argparse.Namespace) -> None:
    device = machine.device()
    trained = weights.load(args.model)
    trained.model.to(device)
    print(*score(trained, args.model, args.rows, device), sep="\n")


if __name__ == "__main__":
    with one_line("score"):
        main(ARGUMENTS)
