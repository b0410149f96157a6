"""Files with somebody else's table: compressed text, Parquet and Feather, and which files are refused in one line."""

import bz2
import gzip
import io
import lzma
import random
import zipfile
from datetime import date
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import feather
from stages.external import formats
from tests.external_tables import ROWS, read_rows

from stages.common.messages import BadInput


def zipped(content, files=1):
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(files):
            archive.writestr(f"{number}.csv", content)
    return memory.getvalue()


def zstd(content):
    return pa.compress(content, "zstd", asbytes=True)


@pytest.mark.parametrize(
    ("ending", "compress"),
    [("gz", gzip.compress), ("BZ2", bz2.compress), ("xz", lzma.compress), ("zst", zstd), ("zip", zipped)],
)
@pytest.mark.parametrize(
    ("name", "content"),
    [("a.csv", "src,tgt\n3+4=,7\n7-9,-2\n"), ("a.jsonl", '{"src":"3+4=","tgt":7}\n{"src":"7-9","tgt":-2}\n')],
)
def test_compressed(name, content, ending, compress, tmp_path):
    assert read_rows(tmp_path / f"{name}.{ending}", compress(content.encode())) == ROWS


ARRAYS = {
    "integers": (pa.array([7, None], pa.int16()), ["7", None]),
    "large ones": (pa.array([2**64 - 1, 0], pa.uint64()), ["18446744073709551615", "0"]),
    "floats": (pa.array([7.0, -2.5]), ["7", "-2.5"]),
    "narrow floats": (pa.array([7.0, np.nan], pa.float32()), ["7", "nan"]),
    "half of them": (pa.array(np.array([7, -2], np.float16())), ["7", "-2"]),
    "decimals": (pa.array([Decimal("7.00"), None], pa.decimal128(9, 2)), ["7.00", None]),
    "booleans": (pa.array([True, False]), ["true", "false"]),
    "dates": (pa.array([date(2020, 1, 2), None]), ["2020-01-02", None]),
    "gaps": (pa.nulls(2), [None, None]),
    "text": (pa.array(["7", "a\x1b"]), ["7", "a\x1b"]),
    "large text": (pa.array(["7", None], pa.large_string()), ["7", None]),
    "views": (pa.array(["7", None], pa.string_view()), ["7", None]),
    "bytes": (pa.array([b"7", b"\xa0\xff"]), ["7", "\xa0ÿ"]),
    "categories": (pa.array(["7", None]).dictionary_encode(), ["7", None]),
    "categories of numbers": (pa.array([7, -2]).dictionary_encode(), ["7", "-2"]),
}


@pytest.mark.parametrize("ending", ["parquet", "PQ", "feather", "arrow"])
@pytest.mark.parametrize("kind", ARRAYS)
def test_columns_of_any_type(kind, ending, tmp_path):
    array, texts = ARRAYS[kind]
    path = tmp_path / f"a.{ending}"
    write = pq.write_table if ending in ("parquet", "PQ") else feather.write_feather
    write(pa.table({"tgt": array, "src": ["3+4=", "7-9"], "other": [[1], [2]]}), path)
    assert read_rows(path) == list(zip(["3+4=", "7-9"], texts, strict=True))


@pytest.mark.parametrize("index", [["src"], ["src", "tgt"], ["note"]])
def test_the_index_of_a_data_frame_is_a_column(index, tmp_path):
    frame = pd.DataFrame({"src": ["3+4=", "7-9"], "tgt": ["7", "-2"], "note": [1, 2]}).set_index(index)
    frame.to_parquet(tmp_path / "a.parquet")
    assert read_rows(tmp_path / "a.parquet") == ROWS


def test_a_stream_and_a_folder(tmp_path):
    table = pa.table({"src": ["3+4=", "7-9"], "tgt": [7, -2]})
    with pa.OSFile(str(tmp_path / "a.arrow"), "wb") as file, pa.ipc.new_stream(file, table.schema) as stream:
        stream.write_table(table)
    assert read_rows(tmp_path / "a.arrow") == ROWS
    (tmp_path / "a.parquet").mkdir()
    for part in "01":
        pq.write_table(table, tmp_path / "a.parquet" / f"part-{part}.parquet")
    assert read_rows(tmp_path / "a.parquet") == ROWS * 2


NAMES = ",".join(f"\x1b{number}" for number in range(5000))


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.csv", None, "no such file"),
        ("a\x1b.csv", None, "no such file"),
        ("a.xlsx", b"", "unknown file ending; use .csv, "),
        ("a", b"", "unknown file ending; use .csv, "),
        ("a.parquet.gz", b"", "unknown file ending; use .csv, "),
        ("a.csv", b"", "is empty; it must have columns src and tgt"),
        ("a.tsv", b" \n\n", "is empty; it must have columns src and tgt"),
        ("a.csv", b"3+4=,7\n", "no column src or tgt; it has 3+4=, 7"),
        ("a.csv", b"src,answer\n1+1=,2\n", "no column tgt; it has src, answer"),
        ("a.csv", NAMES.encode(), r"no column src or tgt; it has \x1b0, \x1b1, \x1b2, "),
        ("a.csv", b"x" * 10**7, "no column src or tgt; it has xxxxxxxxxxxxxxxxxxx…"),
        ("a.csv", b"PAR1\x00\x1b[2J", r"no column src or tgt; it has PAR1\x00\x1b[2J"),
        ("a.csv", b"src,tgt,src\n", "has 2 columns src; keep one"),
        ("a.csv", b"Src,tgt,SRC\n", "has 2 columns src; keep one"),
        ("a.csv.gz", b"src,tgt\n", "not a complete .csv file ("),
        ("a.csv.gz", gzip.compress(b"src,tgt\n" + b"1,1\n" * 9, mtime=0)[:-9], "not a complete .csv file ("),
        ("a.csv.xz", lzma.compress(b"src,tgt\n" * 999)[:-9], "not a complete .csv file ("),
        ("a.csv.xz", b"src,tgt\n", "not a complete .csv file ("),
        ("a.csv.bz2", bz2.compress(b"src,tgt\n" * 999)[:-9], "not a complete .csv file ("),
        ("a.csv.zst", b"src,tgt\n", "not a complete .csv file ("),
        ("a.csv.zip", b"src,tgt\n", "not a complete .csv file ("),
        ("a.csv.zip", zipped(b"src,tgt\n", 2), "contains 2 files; must contain one"),
        ("a.parquet", b"src,tgt\n", "not a complete .parquet file ("),
        ("a.parquet", b"", "not a complete .parquet file ("),
        ("a.feather", b"", "not a complete .feather file ("),
        ("a.arrow", b"src,tgt\n1,1\n", "not a complete .arrow file ("),
    ],
)
def test_a_file_that_cannot_be_read_is_one_line(name, content, words, tmp_path):
    with pytest.raises(BadInput) as error:
        read_rows(tmp_path / name, content)
    said = str(error.value)
    assert words in said
    assert said.startswith(str(tmp_path / "a"))
    assert said.isprintable()
    assert len(said) < len(str(tmp_path)) + 250


@pytest.mark.parametrize("array", [pa.array([[1]]), pa.array([{"a": 1}])])
@pytest.mark.parametrize("name", ["a.parquet", "a.feather"])
def test_a_column_of_lists(name, array, tmp_path):
    (pq.write_table if "parquet" in name else feather.write_feather)(
        pa.table({"src": ["1"], "tgt": array}), tmp_path / name
    )
    with pytest.raises(BadInput, match=r"column tgt has type (list|struct)<.*>; must be text or numbers"):
        read_rows(tmp_path / name)


def test_foreign_columns_of_parquet_are_counted(tmp_path):
    pq.write_table(pa.table({f"c{number}": [1] for number in range(5000)}), tmp_path / "a.parquet")
    with pytest.raises(BadInput, match=r"it has c0, c1, c2, c3, c4, c5, c6, c7, … and 4,992 more$"):
        read_rows(tmp_path / "a.parquet")


def test_a_long_cell_is_cut_and_is_not_good(tmp_path):
    long = pa.array(["3+4=" + " " * 10**7 + "1"] * 3)
    for array in (long, long.dictionary_encode()):
        pq.write_table(pa.table({"src": array, "tgt": [7] * 3}), tmp_path / "a.parquet")
        assert [(len(src), src[:5], src[-1], tgt) for src, tgt in read_rows(tmp_path / "a.parquet")] == [
            (formats.CELL + 1, "3+4= ", "…", "7")
        ] * 3


def test_a_long_text_in_many_rows_is_one_text(tmp_path):
    """100 GB, if each row had its own."""
    texts = pa.DictionaryArray.from_arrays(pa.array([0] * 100_000, pa.int32()), pa.array(["1" * 10**6]))
    pq.write_table(pa.table({"src": texts, "tgt": [1] * 100_000}), tmp_path / "a.parquet")
    assert {src[:3] for src, _ in read_rows(tmp_path / "a.parquet")} == {"111"}


@pytest.mark.parametrize("compression", ["uncompressed", "lz4"])
def test_a_damaged_feather_file_ends_no_process(compression, tmp_path):
    """PyArrow checks neither offsets nor sizes by itself; what they lead to was read, or the process ended."""
    path = tmp_path / "a.feather"
    src = pa.array(["3+4=", "7-9"] * 20)
    feather.write_feather(pa.table({"src": src, "tgt": src.dictionary_encode()}), path, compression=compression)
    good, draw = path.read_bytes(), random.Random(1)
    whole = refused = 0
    for _ in range(500):
        damaged = bytearray(good)
        damaged[draw.randrange(len(good))] ^= 1 << draw.randrange(8)
        try:
            whole += len(read_rows(path, bytes(damaged))) == 40
        except BadInput:
            refused += 1
    assert whole > 0
    assert refused > 0
