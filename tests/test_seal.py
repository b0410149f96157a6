"""Damaged tables: a flipped bit never gives another value, and tables of other programs need no checksum."""

import hashlib
import random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stages import files, generate, seal
from stages.command import BadInput
from stages.external import rows as external

FLIPS = 1000


@pytest.fixture(scope="module")
def table():
    return pa.Table.from_batches(generate.generate(7))


@pytest.fixture
def path(table, tmp_path):
    files.write_table(tmp_path / "ours.parquet", table)
    return tmp_path / "ours.parquet"


def footer(content: bytes) -> int:
    """Where the footer begins: its length is in front of the last four bytes."""
    return len(content) - 8 - int.from_bytes(content[-8:-4], "little")


def flipped(content: bytes, start: int, end: int, seed: int):
    """The content with one bit flipped between two bytes, FLIPS times."""
    chance = random.Random(seed)
    for _ in range(FLIPS):
        bit = chance.randrange(8 * start, 8 * end)
        yield content[: bit // 8] + bytes([content[bit // 8] ^ 1 << bit % 8]) + content[bit // 8 + 1 :]


@pytest.mark.parametrize("part", ["pages", "footer"])
def test_no_flipped_bit_gives_another_value(part, path, table):
    content = path.read_bytes()
    start = footer(content)
    refused = 0
    for damaged in flipped(content, *((0, start) if part == "pages" else (start, len(content))), seed=1):
        path.write_bytes(damaged)
        try:
            assert files.read_table(path).equals(table)
        except BadInput as error:
            refused += str(error).startswith(f"{path}: ")
    assert refused == FLIPS if part == "pages" else refused > 0.9 * FLIPS  # a flip in the key's name hides the checksum


def test_the_reader_of_external_tables_finds_the_damage(path):
    content = path.read_bytes()
    path.write_bytes(content[:100] + bytes([content[100] ^ 1]) + content[101:])
    with pytest.raises(BadInput, match=f"^{path}: {seal.BROKEN}$"):
        next(external.read(path))


def test_a_table_of_another_program_has_no_checksum(path, table):
    pq.write_table(table, path)
    assert not seal.broken(path)
    assert files.read_table(path).equals(table)


def test_a_table_of_ours_written_again_by_another_program(path, table):
    """Some programs copy the old checksum, which does not match."""
    rows = pa.Table.from_batches(pq.ParquetFile(path).iter_batches())
    assert seal.KEY.encode() in rows.schema.metadata
    pq.write_table(rows.slice(1), path)
    assert files.read_table(path).equals(table.slice(1))
    pq.read_table(path).to_pandas().to_parquet(path)
    assert len(list(external.read(path))) == len(table) - 1


def test_the_checksum_by_hand(path):
    """SHA-256 of the file with zeros in place of the checksum."""
    checksum = pq.read_metadata(path).metadata[seal.KEY.encode()]
    blank = path.read_bytes().replace(checksum, b"0" * 64)
    assert hashlib.sha256(blank).hexdigest().encode() == checksum


def test_equal_tables_give_equal_bytes(path, table, tmp_path):
    files.write_table(tmp_path / "again.parquet", table)
    assert (tmp_path / "again.parquet").read_bytes() == path.read_bytes()
