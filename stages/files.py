"""Files that are either whole or not there, and Parquet tables whose columns are checked on opening.

The row every table of expressions holds:

    src      tgt  template  a   b  c
    '12+7='  19   'a+b'     12  7  null
"""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from stages import seal, sources
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
def atomic(*paths: Path) -> Iterator[list[Path]]:
    """Yield a draft for each path; they take the paths' places only when the block ends without an error.

    A path that cannot be written fails here, before the work is done.
    """
    drafts = [path.with_name(f".{path.name}.tmp") for path in paths]
    try:
        for path, draft in zip(paths, drafts, strict=True):
            if path.is_dir():
                raise BadInput(f"{path}: is a folder; a file should go there")
            path.parent.mkdir(parents=True, exist_ok=True)
            draft.touch()
        yield drafts
        for path, draft in zip(paths, drafts, strict=True):
            os.replace(draft, path)
    except OSError as error:
        # A full disk, quota or `ulimit -f`, which Python and PyArrow tell without a name
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO):
            error.filename = error.filename or ", ".join(map(str, paths))
        raise
    finally:
        for draft in drafts:
            with suppress(OSError):
                draft.unlink()


@contextmanager
def outputs(*paths: Path) -> Iterator[list[Path]]:
    """`atomic` for a stage's outputs: nothing is replaced if an input changed.

    A changed input is also reported instead of an error of the block, which it most likely caused.
    """
    with atomic(*paths) as drafts:
        try:
            yield drafts
        except Exception:  # Ctrl-C and sys.exit have causes of their own
            sources.unchanged()
            raise
        sources.unchanged()


def write_text(path: Path, text: str) -> None:
    """Write `text` as UTF-8 with the same line ends on every system."""
    text = text.replace(os.linesep, "\n")  # pandas ends lines as the system does
    path.write_text(text, encoding="utf-8", newline="\n")


@contextmanager
def writer(path: Path, schema: pa.Schema) -> Iterator[pq.ParquetWriter]:
    """Takes batches of a table that need never be in memory as a whole; the file gets checksums."""
    with pq.ParquetWriter(path, schema, compression="zstd", write_page_checksum=True) as out:
        yield out
        out.add_key_value_metadata({seal.KEY: seal.BLANK})
    seal.seal(path)


def write_table(path: Path, table: pa.Table) -> None:
    """Write all of a table as `writer` does."""
    with writer(path, table.schema) as out:
        out.write_table(table)


def batches(path: Path, schema: pa.Schema = EXPRESSIONS) -> Iterator[pa.RecordBatch]:
    """The table at `path`, a batch at a time, with the columns of `schema`.

    Raises BadInput when the file is missing or damaged, or a column is missing or has gaps.
    """
    if not path.is_file():
        raise BadInput(f"{path}: no such file; `dvc repro` makes it")
    if seal.broken(path):
        raise BadInput(f"{path}: {seal.BROKEN}")
    # Not pre-buffered: that would keep what it has read until the end.
    with _readable(path), pq.ParquetFile(path, pre_buffer=False, page_checksum_verification=True) as file:
        found = {field.name: field.type for field in file.schema_arrow}
        for field in schema:
            if found.get(field.name) != field.type:
                has = ", ".join(f"{name} ({kind})" for name, kind in found.items())
                raise BadInput(f"{path}: no column {field.name!r} of type {field.type}; it has {has}")
        for batch in file.iter_batches(columns=schema.names):
            for name in {"src", "tgt", "template"}.intersection(schema.names):
                if batch[name].null_count:
                    raise BadInput(f"{path}: column {name!r} has rows without a value")
            batch.validate(full=True)
            yield batch


def read_table(path: Path, schema: pa.Schema = EXPRESSIONS) -> pa.Table:
    """All of the table at `path`; raises BadInput as `batches` does, and when there are no rows."""
    with _readable(path):
        table = pa.Table.from_batches(batches(path, schema), schema)
    if not len(table):
        raise BadInput(f"{path}: has no rows")
    return table


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except MemoryError:  # PyArrow's is an ArrowException too, and tells nothing of the file
        raise
    except (pa.ArrowException, OSError) as error:
        reason = " ".join(str(error).split())[:120]
        raise BadInput(f"{path}: not a whole Parquet file ({reason}); make it again") from error
