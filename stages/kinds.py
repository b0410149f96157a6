"""The files that somebody else's table comes in: the cells of `src` and `tgt`, row by row.

" SRC";"note";"tgt"
12*(3+4)=;as a person writes it;84,0     ->  ('12*(3+4)=', '84,0')

CSV with any usual separator, JSON lines, Parquet and Feather. Only one part of a file is in memory at a time.
"""

import codecs
import csv
import io
import json
import reprlib
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, dropwhile, islice
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from stages.command import BadInput, shown

COLUMNS = "src", "tgt"
COMPRESSIONS = {".gz": "gzip", ".bz2": "bz2", ".zst": "zstd"}
LINE = 1 << 24  # characters of a line that are kept, so that a file without line ends fits in memory
SPAN = 100  # lines of a CSV row; with more, its quote was never closed
CELL = 1024  # bytes of a Parquet or Feather cell that are kept; no expression is longer
BATCH = 1 << 14  # rows of a Parquet or Feather file that are turned into text at a time
BYTES = {pa.string(): pa.binary(), pa.large_string(): pa.large_binary(), pa.string_view(): pa.binary_view()}

Cells = tuple[str | None, str | None]  # None is a gap

# Bytes that are not UTF-8 are most often Windows' or Latin-1; whatever they are, they are in no good expression.
codecs.register_error("latin-1", lambda error: (error.object[error.start : error.end].decode("latin-1"), error.end))


def read(path: Path) -> Iterator[Cells | str]:
    """Each row's `src` and `tgt`, or what is wrong with a row that has no cells.

    Raises BadInput when the file is missing, is not what its ending says, or lacks a column.
    """
    where = shown(str(path), 200)
    *_, before, ending = ["", "", *(suffix.lower() for suffix in path.suffixes)]
    kind = before if ending in COMPRESSIONS and READERS.get(before) in (_csv, _json_lines) else ending
    if kind not in READERS:
        known = ", ".join(READERS)
        raise BadInput(f"{where}: the ending decides: {known}; text may be compressed, {', '.join(COMPRESSIONS)}")
    if not path.exists():
        raise BadInput(f"{where}: no such file")
    try:
        yield from READERS[kind](path)
    except BadInput as error:
        raise BadInput(f"{where}: {error}") from error
    except PermissionError:
        raise
    except (pa.ArrowException, csv.Error, OSError, EOFError, ValueError, LookupError) as error:
        raise BadInput(f"{where}: not a whole {kind} file ({shown(' '.join(str(error).split()), 120)})") from error


def _csv(path: Path) -> Iterator[Cells]:
    csv.field_size_limit(LINE)
    lines = dropwhile(str.isspace, _lines(path))
    head = list(islice(lines, SPAN))
    if head and head[0].lower().startswith("sep=") and len(head[0].strip()) == 5:  # a line for Excel alone
        del head[0]
    headers = {mark: next(csv.reader(head, delimiter=mark, skipinitialspace=True), []) for mark in ",;\t|"}
    mark = max(headers, key=lambda mark: (set(COLUMNS) <= set(map(_plain, headers[mark])), len(headers[mark])))
    places = _places(headers[mark])
    source = _Remembered(chain(head, lines))
    rows = csv.reader(source, delimiter=mark, skipinitialspace=True)
    next(rows)
    while True:
        source.taken.clear()
        try:
            fields = next(rows)
        except StopIteration:
            return
        except csv.Error:
            fields = []
        # A quote that is never closed, or closed by the next row's, is a character like any other: the rows that it
        # would swallow are read again.
        if len(source.taken) > 1 and not all(at < len(fields) and "\n" not in fields[at].strip() for at in places):
            first, *others = source.taken
            source.back.extendleft(reversed(others))
            fields = next(csv.reader([first], delimiter=mark, quoting=csv.QUOTE_NONE, skipinitialspace=True))
        if fields:  # an empty line has none
            src, tgt = (fields[at] if at < len(fields) else None for at in places)
            yield src, tgt


class _Remembered:
    """Lines, with those of the row under way remembered in `taken`; what is put in `back` comes next."""

    def __init__(self, lines: Iterable[str]):
        self.lines, self.taken, self.back = iter(lines), [], deque()

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self.back.popleft() if self.back else next(self.lines, None)
        if line is None and not self.taken:
            raise StopIteration
        if line is None or len(self.taken) == SPAN:
            self.back.extend([] if line is None else [line])
            raise csv.Error("a quote is never closed")
        self.taken.append(line)
        return line


def _json_lines(path: Path) -> Iterator[Cells | str]:
    for line in _lines(path):
        if line.isspace():
            continue
        try:  # numbers stay as they were written
            row = json.loads(line, parse_int=str, parse_float=str, parse_constant=str)
            cells = {_plain(name): value for name, value in row.items()}
        except (ValueError, AttributeError, RecursionError):
            yield f"'{shown(line.strip())}' is no JSON object"
            continue
        src, tgt = (cells.get(name) for name in COLUMNS)
        yield _written(src), _written(tgt)


def _parquet(path: Path) -> Iterator[Cells]:
    # Spark and Dask write a folder of files
    for part in sorted(path.rglob("*.parquet")) if path.is_dir() else [path]:
        with pq.ParquetFile(part) as file:
            names = _chosen(file.schema_arrow)
            metadata = file.metadata
        # A long text that many rows share stays one text
        with pq.ParquetFile(part, metadata=metadata, read_dictionary=names, page_checksum_verification=True) as file:
            for batch in file.iter_batches(BATCH, columns=names):
                yield from zip(*(_texts(batch.column(name)) for name in names), strict=True)


def _arrow(path: Path) -> Iterator[Cells]:
    with pa.memory_map(str(path)) as file:
        try:
            reader = pa.ipc.open_file(file)
            batches = map(reader.get_batch, range(reader.num_record_batches))
        except pa.ArrowInvalid:  # the other form, which has no footer
            file.seek(0)
            batches = reader = pa.ipc.open_stream(file)
        names = _chosen(reader.schema)
        for batch in batches:
            columns = [batch.column(name) for name in names]
            for start in range(0, len(batch), BATCH):
                yield from zip(*(_texts(column.slice(start, BATCH)) for column in columns), strict=True)


READERS = {
    **dict.fromkeys([".csv", ".tsv", ".txt"], _csv),
    **dict.fromkeys([".jsonl", ".ndjson"], _json_lines),
    **dict.fromkeys([".parquet", ".pq"], _parquet),
    **dict.fromkeys([".feather", ".arrow"], _arrow),
}


def _lines(path: Path) -> Iterator[str]:
    """The lines of a text, which may be compressed; UTF-8, or UTF-16 with its mark."""
    compression = COMPRESSIONS.get(path.suffix.lower())
    with pa.input_stream(str(path), compression=compression) as file:
        mark = file.read(2)
    encoding = "utf-16" if mark in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"  # the former: Excel's "Unicode text"
    with pa.input_stream(str(path), compression=compression) as file:
        text = io.TextIOWrapper(file, encoding, errors="latin-1")
        while line := text.readline(LINE):
            yield line
            while len(line) == LINE and not line.endswith("\n"):
                line = text.readline(LINE)


def _plain(name: str) -> str:
    return name.strip("\ufeff").strip().lower()  # two UTF-8 files, one behind the other, have a mark too many


def _places(names: Sequence[str]) -> list[int]:
    """Where `src` and `tgt` are among the columns; other cases, blanks and quotes are seen past."""
    if not names:
        raise BadInput("is empty; its columns should be src and tgt, among others")
    plain = [_plain(name) for name in names]
    found = [_all(names, wanted) or _all(plain, wanted) for wanted in COLUMNS]
    if missing := [wanted for wanted, places in zip(COLUMNS, found, strict=True) if not places]:
        has = ", ".join(shown(name, 20) for name in names[:8])
        more = f", … and {len(names) - 8:,} more" if len(names) > 8 else ""
        raise BadInput(f"no column {' and '.join(missing)}; it has {has}{more}")
    for wanted, places in zip(COLUMNS, found, strict=True):
        if len(places) > 1:
            raise BadInput(f"has {len(places):,} columns {wanted}; it should have one")
    return [place for (place,) in found]


def _all(names: Sequence[str], wanted: str) -> list[int]:
    return [place for place, name in enumerate(names) if name == wanted]


def _chosen(schema: pa.Schema) -> list[str]:
    """The names of the columns `src` and `tgt`, as they are written."""
    fields = [schema.field(place) for place in _places(schema.names)]
    for field in fields:
        if pa.types.is_nested(field.type):
            raise BadInput(f"column {shown(field.name)} holds {shown(str(field.type))}; it should hold text or numbers")
    return [field.name for field in fields]


def _texts(column: pa.Array) -> list[str | None]:
    if isinstance(column, pa.ExtensionArray):
        column = column.storage
    if isinstance(column, pa.DictionaryArray):
        used = column.indices.dictionary_encode()  # a few of the many values that the dictionary may hold
        values = _texts(_validated(column.dictionary).take(used.dictionary))
        return [None if place is None else values[place] for place in used.indices.to_pylist()]
    column = _validated(column)
    if pa.types.is_primitive(column.type) or pa.types.is_decimal(column.type):
        column = column.cast(pa.string())
    cells = pc.binary_slice(column.cast(pa.large_binary()), 0, CELL)
    return [None if cell is None else _decoded(cell) for cell in cells.to_pylist()]


def _validated(column: pa.Array) -> pa.Array:
    """The column, text as bytes; without the check, offsets of a damaged file would lead out of the table's memory."""
    column = column.view(BYTES.get(column.type, column.type))  # for it need not be UTF-8
    column.validate(full=True)
    return column


def _decoded(cell: bytes) -> str:
    text = cell.decode("utf-8", "latin-1")
    return text + "…" if len(cell) == CELL else text  # so that what was cut off is not taken for blank


def _written(value: object) -> str | None:
    return value if value is None or isinstance(value, str) else reprlib.repr(value)
