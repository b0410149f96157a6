"""External tables in text files, CSV and JSON lines: the cells of `src` and `tgt`, row by row.

" SRC";"note";"tgt"
12*(3+4)=;as a person writes it;84,0     ->  ('12*(3+4)=', '84,0')
{"src": "3+4=", "tgt": 7.0}              ->  ('3+4=', '7.0')
"""

import codecs
import csv
import io
import json
import lzma
import reprlib
import zipfile
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import chain, dropwhile, islice
from pathlib import Path
from typing import IO

import pyarrow as pa

from stages.command import BadInput, shown
from stages.external import header

COMPRESSIONS = {".gz": "gzip", ".bz2": "bz2", ".zst": "zstd", ".xz": None, ".zip": None}  # PyArrow's names
LONGEST = 1 << 24  # characters kept of a line, so that a file without line ends fits in memory
SPAN = 100  # most lines of a CSV row; in a longer one a quote was never closed

Cells = tuple[str | None, str | None]  # None is a gap


def _latin_1(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("latin-1"), error.end


# Bytes that are not UTF-8 are mostly Windows-1252 or Latin-1. No well-formed expression has such bytes.
codecs.register_error("latin-1", _latin_1)


def read_csv(path: Path) -> Iterator[Cells]:
    """The cells of each row; the separator is detected from the header."""
    csv.field_size_limit(LONGEST)
    lines = dropwhile(str.isspace, _lines(path))
    head = list(islice(lines, SPAN))
    if head and head[0].lower().startswith("sep=") and len(head[0].strip()) == 5:  # a line that only Excel reads
        del head[0]
    headers = {mark: next(csv.reader(head, delimiter=mark, skipinitialspace=True), []) for mark in ",;\t|"}
    mark = max(
        headers, key=lambda mark: (set(header.COLUMNS) <= set(map(header.plain, headers[mark])), len(headers[mark]))
    )
    places = header.places(headers[mark])
    source = _Remembered(chain(head, lines))
    rows = csv.reader(source, delimiter=mark, skipinitialspace=True)
    next(rows)
    while True:
        source.taken.clear()
        closed = True
        try:
            fields = next(rows)
        except StopIteration:
            return
        except csv.Error:
            fields, closed = [], False
        # A quote that is never closed, or is closed by one in the next row, is an ordinary character: the rows that
        # it would swallow are read again.
        whole = all(at < len(fields) and "\n" not in fields[at].strip() for at in places)
        if not closed or (len(source.taken) > 1 and not whole):
            first, *more = source.taken
            source.back.extendleft(reversed(more))
            fields = next(csv.reader([first], delimiter=mark, quoting=csv.QUOTE_NONE, skipinitialspace=True))
        if fields:  # an empty line has none
            src, tgt = (fields[at] if at < len(fields) else None for at in places)
            yield src, tgt


class _Remembered:
    """An iterator over lines. `taken` has the lines of the current row; lines put into `back` come next."""

    def __init__(self, lines: Iterable[str]):
        self.lines = iter(lines)
        self.taken: list[str] = []
        self.back: deque[str] = deque()

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


def read_json(path: Path) -> Iterator[Cells | str]:
    """The cells of each line's object, or a message for a line that is not an object."""
    for line in _lines(path):
        if line.isspace():
            continue
        try:  # keeps numbers as they are written
            row = json.loads(line, parse_int=str, parse_float=str, parse_constant=str)
            cells = {header.plain(name): value for name, value in row.items()}
        except (ValueError, AttributeError, RecursionError):
            yield f"'{shown(line.strip())}' is not a JSON object"
            continue
        src, tgt = (cells.get(name) for name in header.COLUMNS)
        yield _written(src), _written(tgt)


def _written(value: object) -> str | None:
    return value if value is None or isinstance(value, str) else reprlib.repr(value)


def _lines(path: Path) -> Iterator[str]:
    """The lines of a text file that may be compressed, in UTF-8, or in UTF-16 with a byte order mark."""
    with _opened(path) as file:
        mark = file.read(2)
    encoding = "utf-16" if mark in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"  # UTF-16: Excel's "Unicode text"
    with _opened(path) as file:
        text = io.TextIOWrapper(file, encoding, errors="latin-1")
        while line := text.readline(LONGEST):
            yield line
            while len(line) == LONGEST and not line.endswith("\n"):
                line = text.readline(LONGEST)


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    match path.suffix.lower():
        case ".zip":
            with zipfile.ZipFile(path) as archive:
                names = archive.namelist()
                if len(names) != 1:
                    raise BadInput(f"contains {len(names):,} files; must contain one")
                with archive.open(names[0]) as file:
                    yield file
        case ".xz":
            with lzma.open(path) as file:
                yield file
        case ending:
            with pa.input_stream(str(path), compression=COMPRESSIONS.get(ending)) as file:
                yield file
