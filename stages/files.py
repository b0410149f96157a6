"""Files that are either whole or not there, and Parquet tables whose columns are checked on opening.

The row every table of expressions holds:

    src      tgt  template  a   b  c
    '12+7='  19   'a+b'     12  7  null
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from stages.command import BadInput

EXPRESSIONS = pa.schema(
    {
        "src": pa.string(),
        "tgt": pa.int32(),
        "template": pa.dictionary(pa.int32(), pa.string()),
        "a": pa.int16(),
        "b": pa.int16(),
        "c": pa.int16(),  # null where the template has two operands
    }
)

# A row that a network has answered: `predicted` is text, for it need not be a number.
PREDICTIONS = pa.schema(
    {
        "src": pa.string(),
        "tgt": pa.int32(),
        "predicted": pa.string(),
        "correct": pa.bool_(),
        "template": pa.dictionary(pa.int32(), pa.string()),
        "probability": pa.float64(),
    }
)


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Yield a draft to write to; it takes the place of `path` only when the block ends without an error."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.tmp")
    try:
        yield draft
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write `text` as UTF-8 with the same line ends on every system."""
    with whole(path) as draft:
        draft.write_text(text, encoding="utf-8", newline="\n")


@contextmanager
def writer(path: Path, schema: pa.Schema) -> Iterator[pq.ParquetWriter]:
    """A zstd Parquet file that appears at `path` when the block ends without an error."""
    with whole(path) as draft, pq.ParquetWriter(draft, schema, compression="zstd") as out:
        yield out


def write_table(path: Path, table: pa.Table) -> None:
    with writer(path, table.schema) as out:
        out.write_table(table)


def batches(path: Path, schema: pa.Schema = EXPRESSIONS) -> Iterator[pa.RecordBatch]:
    """The table at `path`, a batch at a time, with the columns of `schema`.

    Raises BadInput when the file is missing, is not a whole Parquet file or lacks one of the columns.
    """
    if not path.is_file():
        raise BadInput(f"{path}: no such file; `dvc repro` makes it")
    try:
        with pq.ParquetFile(path) as file:
            found = {field.name: field.type for field in file.schema_arrow}
            for field in schema:
                if found.get(field.name) != field.type:
                    has = ", ".join(f"{name} ({kind})" for name, kind in found.items())
                    raise BadInput(f"{path}: no column {field.name!r} of type {field.type}; it has {has}")
            yield from file.iter_batches(columns=schema.names)
    except (pa.ArrowException, OSError) as error:
        raise BadInput(f"{path}: not a whole Parquet file ({str(error).splitlines()[0]}); make it again") from error


def read_table(path: Path, schema: pa.Schema = EXPRESSIONS) -> pa.Table:
    """All of the table at `path`; raises BadInput as `batches` does."""
    return pa.Table.from_batches(batches(path, schema), schema)
