"""The kinds of file that somebody else's table comes in; of Parquet and Feather, the cells of `src` and `tgt`.

{'src': '3+4=', 'tgt': 7.0, 'note': None}  ->  ('3+4=', '7')

Only a part of a file is in memory at a time.
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

CELL = 1024  # bytes of a Parquet or Feather cell that are kept; no expression is longer
BATCH = 1 << 14  # rows of a Parquet or Feather file that are turned into text at a time
BYTES = {pa.string(): pa.binary(), pa.large_string(): pa.large_binary(), pa.string_view(): pa.binary_view()}

# What the readers raise for a file that is damaged, or is not of the kind that its ending says. Of PyArrow's errors the
# one about memory too: a damaged length asks for half a petabyte.
DAMAGED = (
    *(pa.ArrowException, csv.Error, lzma.LZMAError, zlib.error, zipfile.BadZipFile),
    *(OSError, EOFError, ValueError, LookupError, RuntimeError),
)


def read(path: Path) -> Iterator[Cells | str]:
    """Each row's `src` and `tgt`, or what is wrong with a row that has no cells.

    Raises BadInput when the file is missing, is not what its ending says, or lacks a column.
    """
    where = shown(str(path), 200)
    *_, before, ending = ["", "", *(suffix.lower() for suffix in path.suffixes)]
    kind = before if ending in COMPRESSIONS and before in TEXTS else ending
    if kind not in READERS:
        known, compressed = ", ".join(READERS), ", ".join(COMPRESSIONS)
        raise BadInput(f"{where}: the ending decides: {known}; behind that of a text, {compressed}")
    if not path.exists():
        raise BadInput(f"{where}: no such file")
    try:
        yield from READERS[kind](path)
    except BadInput as error:
        raise BadInput(f"{where}: {error}") from error
    except PermissionError:
        raise
    except DAMAGED as error:
        raise BadInput(f"{where}: not a whole {kind} file ({shown(' '.join(str(error).split()), 120)})") from error


def _parquet(path: Path) -> Iterator[Cells]:
    # Spark and Dask write a folder of files
    for part in sorted(path.rglob("*.parquet")) if path.is_dir() else [path]:
        if seal.broken(part):
            raise BadInput(seal.BROKEN)
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


TEXTS = {".csv": read_csv, ".tsv": read_csv, ".txt": read_csv, ".jsonl": read_json, ".ndjson": read_json}
READERS = TEXTS | {".parquet": _parquet, ".pq": _parquet, ".feather": _arrow, ".arrow": _arrow}


def _chosen(schema: pa.Schema) -> list[str]:
    """The names of the columns `src` and `tgt`, as they are written."""
    fields = [schema.field(place) for place in header.places(schema.names)]
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
