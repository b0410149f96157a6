"""The corpus: its counts and order, and every answer against Python's own evaluation."""

import subprocess
import sys

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from conftest import ROOT

from stages.arithmetic import grammar
from stages.generate import generate


@pytest.fixture(scope="module")
def table(corpus):
    return pq.read_table(corpus)


def test_counts(table):
    counts = {row["values"]: row["counts"] for row in pc.value_counts(table["template"]).to_pylist()}
    assert counts == {template: 125_000 if "c" in template else 2_500 for template in grammar.TEMPLATES}
    assert pc.count_distinct(table["src"]).as_py() == len(table) == 2_632_500


def test_every_row_against_python(table):
    """`src` is its template with its operands, in the order of a count; `tgt` is the template's value."""
    for template, rows in table.to_pandas(categories=["template"]).groupby("template", observed=True):
        letters = [letter for letter in "abc" if letter in template]
        operands = {letter: rows[letter].to_numpy(np.int64) for letter in letters}
        assert np.array_equal([*operands.values()], np.indices((50,) * len(letters)).reshape(len(letters), -1))
        written = np.full(len(rows), "", dtype=object)
        for mark in template + "=":
            written = written + (operands[mark].astype(str) if mark in operands else mark)
        assert (rows["src"] == written).all()
        assert (rows["tgt"] == eval(template, operands)).all()
        assert rows["c"].isna().all() == ("c" not in letters)


def test_the_columns_and_the_first_and_last_row(table):
    texts, numbers = dict.fromkeys(["src", "steps"], pa.string()), dict.fromkeys("abc", pa.int16())
    types = texts | numbers | {"tgt": pa.int32(), "template": pa.dictionary(pa.int32(), pa.string())}
    assert table.schema.names == ["src", "tgt", "steps", "template", "a", "b", "c"]
    assert {field.name: field.type for field in table.schema} == types
    first = {"src": "0+0=", "tgt": 0, "steps": "0", "template": "a+b", "a": 0, "b": 0, "c": None}
    last = {"src": "49*(49-49)=", "tgt": 0, "steps": "49*0=0", "template": "a*(b-c)", "a": 49, "b": 49, "c": 49}
    assert table.slice(0, 1).to_pylist() + table.slice(len(table) - 1).to_pylist() == [first, last]


def test_the_corpus_made_again(corpus, table, committed, tmp_path):
    """The bytes are the same; only a part of the rows is ever in memory."""
    code = "import pyarrow; from stages import generate; generate.main(); print(POOL.max_memory())"
    code = code.replace("POOL", "pyarrow.default_memory_pool()")
    command = [sys.executable, "-c", code, committed, tmp_path / "again.parquet"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert (tmp_path / "again.parquet").read_bytes() == corpus.read_bytes()
    assert int(done.stdout) < table.nbytes / 4


def test_a_large_corpus_comes_in_small_batches():
    batches = generate(100)
    sizes = [len(next(batches)) for _ in range(12)]
    assert sizes[:3] == [100**2] * 3
    assert sizes[3:] == [2**17] * 7 + [100**3 - 7 * 2**17, 2**17]
