"""Files that are written completely or not at all, and the tables of expressions, as Parquet.

src           tgt  steps      template   a   b  c
'12*(3+4)='   84   '12*7=84'  'a*(b+c)'  12  3  4
'12+7='       19   '19'       'a+b'      12  7  null
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from stages.common import watch
from stages.common.messages import BadInput, printable

EXPRESSIONS = pa.schema(
    {
        "src": pa.string(),
        "tgt": pa.int32(),
        "steps": pa.string(),  # the answer with a scratchpad; without one it is tgt
        "template": pa.dictionary(pa.int32(), pa.string()),
        "a": pa.int16(),
        "b": pa.int16(),
        "c": pa.int16(),  # null where the template has two operands
    }
)


@contextmanager
def atomic(*paths: Path) -> Iterator[list[Path]]:
    """Yield a draft for each path; the drafts replace the paths only if the block ends without an error."""
    drafts = [path.with_name(f".{path.name}.tmp") for path in paths]
    try:
        for path, draft in zip(paths, drafts, strict=True):
            path.parent.mkdir(parents=True, exist_ok=True)
            draft.touch()  # so that a path that cannot be written is an error before the work is done
        yield drafts
        for path, draft in zip(paths, drafts, strict=True):
            os.replace(draft, path)
    except OSError as error:
        error.filename = error.filename or ", ".join(map(str, paths))  # a full disk's error names no file
        raise
    finally:
        for draft in drafts:
            draft.unlink(missing_ok=True)


@contextmanager
def outputs(*paths: Path) -> Iterator[list[Path]]:
    """`atomic`, but nothing is replaced if an input changed, which also explains most errors of the block."""
    with atomic(*paths) as drafts:
        try:
            yield drafts
        except MemoryError:  # reading the inputs again takes memory
            raise
        except Exception:  # not Ctrl-C or sys.exit, which no input causes
            watch.unchanged()
            raise
        watch.unchanged()


def write_text(path: Path, text: str) -> None:
    """Write `text` as UTF-8 with LF line ends on every system; pandas writes the system's."""
    path.write_text(text.replace(os.linesep, "\n"), encoding="utf-8", newline="\n")


def writer(path: Path, schema: pa.Schema) -> pq.ParquetWriter:
    """A writer that takes a table in batches, so that it need not fit in memory; each page gets a checksum."""
    return pq.ParquetWriter(path, schema, compression="zstd", write_page_checksum=True)


def write_table(path: Path, table: pa.Table) -> None:
    """Write a whole table as `writer` does."""
    with writer(path, table.schema) as out:
        out.write_table(table)


def batches(path: Path, schema: pa.Schema = EXPRESSIONS) -> Iterator[pa.RecordBatch]:
    """The table at `path`, a batch at a time, with the columns of `schema`.

    Raises BadInput if the file is missing, damaged, or lacks a column of the schema's name and type.
    """
    # Not pre-buffered, which would keep all that was read in memory until the end
    with readable(path), pq.ParquetFile(path, pre_buffer=False, page_checksum_verification=True) as file:
        for field in schema:
            if field not in [*file.schema_arrow]:
                raise ValueError(f"no column {field.name!r} of type {field.type}")
        yield from file.iter_batches(columns=schema.names)


def read_table(path: Path, schema: pa.Schema = EXPRESSIONS) -> pa.Table:
    """The whole table at `path`; raises BadInput as `batches` does, and if there are no rows."""
    table = pa.Table.from_batches(batches(path, schema), schema)
    if not len(table):
        raise BadInput(f"{path}: has no rows")
    return table


@contextmanager
def readable(path: Path, remedy: str = "`dvc repro` makes it") -> Iterator[None]:
    """Raise BadInput, which ends with `remedy`, where the block finds the file at `path` missing or damaged."""
    try:
        yield
    except FileNotFoundError as error:
        raise BadInput(f"{path}: no such file; {remedy}") from error
    except (pa.ArrowException, OSError, ValueError, KeyError) as error:
        if isinstance(error, MemoryError):  # PyArrow's; not the file's fault
            raise
        raise BadInput(f"{path}: cannot be read ({printable(' '.join(str(error).split()), 120)}); {remedy}") from error
