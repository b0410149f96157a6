"""Damage to our own tables: each is refused, or read with exactly the rows that were written.

a bit of a page flipped  ->  refused; the undamaged table  ->  accepted
"""

import random
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from stages import files
from tests.fuzz import mutations
from tests.fuzz.trial import Input

FOOTER = 8  # bytes after the footer: its length and the magic number


def rows(rng: random.Random, count: int) -> pa.Table:
    """Random rows like those of the corpus, with two or three operands."""
    found = []
    for _ in range(count):
        a, b, c = (rng.randrange(50) for _ in range(3))
        short = rng.random() < 0.3
        src, tgt = (f"{a}+{b}=", a + b) if short else (f"({a}-{b})*{c}=", (a - b) * c)
        found.append(
            (
                src,
                tgt,
                str(tgt) if short else f"{a - b}*{c}={tgt}",
                "a+b" if short else "(a-b)*c",
                a,
                b,
                None if short else c,
            )
        )
    arrays = [
        pa.array(column, field.type) for column, field in zip(zip(*found, strict=True), files.EXPRESSIONS, strict=True)
    ]
    return pa.Table.from_arrays(arrays, schema=files.EXPRESSIONS)


def inputs(folder: Path) -> Callable[[random.Random, int], Input]:
    path = folder / "table.parquet"
    tables = [(table, _written(path, table)) for table in (rows(random.Random(size), size) for size in (40, 400))]

    def make(rng: random.Random, number: int) -> Input:
        table, content = rng.choice(tables)
        content, how = _other(rng, path, table) if rng.random() < 0.05 else _damaged(rng, content)
        path.write_bytes(content)
        return Input(how, lambda: files.read_table(path), lambda found: _differences(found, table))

    return make


def _written(path: Path, table: pa.Table) -> bytes:
    files.write_table(path, table)
    return path.read_bytes()


def _damaged(rng: random.Random, content: bytes) -> tuple[bytes, str]:
    """One or two changes to the pages, the footer or the whole file; one file in fifty is undamaged."""
    if rng.random() < 0.02:
        return content, "as it is"
    start = len(content) - FOOTER - int.from_bytes(content[-FOOTER : -FOOTER + 4], "little")
    where, first, last = rng.choice((("pages", 0, start), ("footer", start, len(content)), ("file", 0, len(content))))
    part, done = content[first:last], []
    for way in rng.choices(mutations.BYTES + mutations.ONE_BIT, k=rng.choice((1, 1, 1, 2))):
        part = way(rng, part) if part else part
        done.append(way)
    return content[:first] + part + content[last:], f"{where}: {mutations.described(done)}"


def _other(rng: random.Random, path: Path, table: pa.Table) -> tuple[bytes, str]:
    """The table as another program might write it, with a column missing or changed, no rows, or no checksum."""
    name = rng.choice(table.column_names)
    change = rng.choice(("without", "another type", "gaps", "no rows", "no checksum"))
    at = table.column_names.index(name)
    match change:
        case "without":
            table = table.drop_columns([name])
        case "another type":
            table = table.set_column(at, name, pa.nulls(len(table)))
        case "gaps":
            table = table.set_column(at, table.schema.field(at), pa.nulls(len(table), table.schema.field(at).type))
        case "no rows":
            table = table.slice(0, 0)
    pq.write_table(table, path)
    return path.read_bytes(), f"of another program, {change}"


def _differences(found: pa.Table, table: pa.Table) -> str:
    if found.schema.names != table.schema.names or len(found) != len(table):
        return f"another table: {len(found)} rows"
    changed = [name for name in table.column_names if found[name].to_pylist() != table[name].to_pylist()]
    # An operand may be missing in every row
    gaps = [name for name in changed if name in "abc" and found[name].null_count == len(found)]
    return f"other values in {', '.join(changed)}" if changed != gaps else ""
