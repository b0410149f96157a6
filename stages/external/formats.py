"""The file formats of external tables; for Parquet and Feather, the cells of `src` and `tgt`.

{'src': '3+4=', 'tgt': 7.0, 'note': None}  ->  ('3+4=', '7')

Only part of a file is in memory at a time.
"""

import csv
import lzma
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from stages import seal
from stages.command import BadInput, shown
from stages.external import header
from stages.external.text import COMPRESSIONS, Cells, read_csv, read_json

CELL = 1024  # bytes kept of a Parquet or Feather cell; no expression is longer
BATCH = 1 << 14  # rows of a Parquet or Feather file converted to text at a time
BYTES = {pa.string(): pa.binary(), pa.large_string(): pa.large_binary(), pa.string_view(): pa.binary_view()}

# Errors of the readers for a file that is damaged or does not match its ending. PyArrow's include one about memory: a
# damaged length can ask for half a petabyte.
DAMAGED = (
    *(pa.ArrowException, csv.Error, lzma.LZMAError, zlib.error, zipfile.BadZipFile),
    *(OSError, EOFError, ValueError, LookupError, RuntimeError),
)


def read(path: Path) -> Iterator[Cells | str]:
    """Each row's `src` and `tgt`, or a message for a row that has no cells.

    Raises BadInput if the file is missing, does not match its ending, or lacks a column.
    """
    where = shown(str(path), 200)
    *_, before, ending = ["", "", *(suffix.lower() for suffix in path.suffixes)]
    kind = before if ending in COMPRESSIONS and before in TEXTS else ending
    if kind not in READERS:
        known, compressed = ", ".join(READERS), ", ".join(COMPRESSIONS)
        raise BadInput(f"{where}: unknown file ending; use {known}; text may be compressed: {compressed}")
    if not path.exists():
        raise BadInput(f"{where}: no such file")
    try:
        yield from READERS[kind](path)
    except BadInput as error:
        raise BadInput(f"{where}: {error}") from error
    except PermissionError:
        raise
    except DAMAGED as error:
        raise BadInput(f"{where}: not a complete {kind} file ({shown(' '.join(str(error).split()), 120)})") from error


def _parquet(path: Path) -> Iterator[Cells]:
    # Spark and Dask write a folder of files
    for part in sorted(path.rglob("*.parquet")) if path.is_dir() else [path]:
        if seal.broken(part):
            raise BadInput(seal.BROKEN)
        with pq.ParquetFile(part) as file:
            names = _chosen(file.schema_arrow)
            metadata = file.metadata
        # As a dictionary, a long text that many rows share is kept once
        with pq.ParquetFile(part, metadata=metadata, read_dictionary=names, page_checksum_verification=True) as file:
            for batch in file.iter_batches(BATCH, columns=names):
                yield from zip(*(_texts(batch.column(name)) for name in names), strict=True)


def _arrow(path: Path) -> Iterator[Cells]:
    with pa.memory_map(str(path)) as file:
        try:
            reader = pa.ipc.open_file(file)
            batches = map(reader.get_batch, range(reader.num_record_batches))
        except pa.ArrowInvalid:  # the stream format, which has no footer
            file.seek(0)
            batches = reader = pa.ipc.open_stream(file)
        names = _chosen(reader.schema)
        for batch in batches:
            columns = [batch.column(name) for name in names]
            for start in range(0, len(batch), BATCH):
                yield from zip(*(_texts(column.slice(start, BATCH)) for column in columns), strict=True)


TEXTS = {".csv": read_csv, ".tsv": read_csv, ".txt": read_csv, ".jsonl": read_json, ".ndjson": read_json}
READERS = TEXTS | {".parquet": _parquet, ".pq": _parquet, ".feather": _arrow, ".arrow": _arrow}


def _chosen(schema: pa.Schema) -> list[str]:
    """The names of the columns `src` and `tgt`, as the file spells them."""
    fields = [schema.field(place) for place in header.places(schema.names)]
    for field in fields:
        if pa.types.is_nested(field.type):
            raise BadInput(f"column {shown(field.name)} has type {shown(str(field.type))}; must be text or numbers")
    return [field.name for field in fields]


def _texts(column: pa.Array) -> list[str | None]:
    if isinstance(column, pa.ExtensionArray):
        column = column.storage
    if isinstance(column, pa.DictionaryArray):
        used = column.indices.dictionary_encode()  # only the values in use; the dictionary may hold many more
        values = _texts(_validated(column.dictionary).take(used.dictionary))
        return [None if place is None else values[place] for place in used.indices.to_pylist()]
    column = _validated(column)
    if pa.types.is_primitive(column.type) or pa.types.is_decimal(column.type):
        column = column.cast(pa.string())
    cells = pc.binary_slice(column.cast(pa.large_binary()), 0, CELL)
    return [None if cell is None else _decoded(cell) for cell in cells.to_pylist()]


def _validated(column: pa.Array) -> pa.Array:
    """The checked column, text as bytes. Unchecked, a damaged file's offsets could point outside the table's memory."""
    column = column.view(BYTES.get(column.type, column.type))  # the text need not be UTF-8
    column.validate(full=True)
    return column


def _decoded(cell: bytes) -> str:
    text = cell.decode("utf-8", "latin-1")
    return text + "…" if len(cell) == CELL else text  # marks the cut: the rest may not be blank
