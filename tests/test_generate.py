"""The corpus: its templates by name, its counts, and every answer against Python's own evaluation."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from conftest import ROOT, stage, write_params

from stages.arithmetic import grammar
from stages.generate import generate

TWO = {"a+b", "a-b", "a*b"}
PLAIN = {"a+b+c", "a+b-c", "a+b*c", "a-b+c", "a-b-c", "a-b*c", "a*b+c", "a*b-c", "a*b*c"}
LEFT = {"(a+b)-c", "(a+b)*c", "(a-b)+c", "(a-b)*c", "(a*b)+c", "(a*b)-c"}
RIGHT = {"a+(b-c)", "a+(b*c)", "a-(b+c)", "a-(b*c)", "a*(b+c)", "a*(b-c)"}


@pytest.fixture(scope="module")
def table(corpus):
    return pq.read_table(corpus)


def test_the_24_templates_by_name():
    assert len(grammar.TEMPLATES) == 24
    assert set(grammar.TEMPLATES) == TWO | PLAIN | LEFT | RIGHT


def test_rows_of_each_template(table):
    counts = {row["values"]: row["counts"] for row in pc.value_counts(table["template"]).to_pylist()}
    assert counts == {t: 2_500 if t in TWO else 125_000 for t in TWO | PLAIN | LEFT | RIGHT}
    assert len(table) == 2_632_500


def test_each_expression_occurs_once(table):
    assert pc.count_distinct(table["src"]).as_py() == len(table)


def test_every_answer_against_python(table):
    """Evaluates each template once, over all its rows; a later test compares sources with templates and operands."""
    for template, rows in table.to_pandas(categories=["template"]).groupby("template", observed=True):
        operands = {letter: rows[letter].to_numpy(np.int64) for letter in "abc" if letter in template}
        assert (rows["tgt"] == eval(template, operands)).all()


def test_answers_to_sources_against_python(table):
    """Every eleventh row: Python takes seconds to compile all of them."""
    rows = table.take(np.arange(0, len(table), 11))
    expressions = [src.removesuffix("=") for src in rows["src"].to_pylist()]
    assert eval(f"[{','.join(expressions)}]") == rows["tgt"].to_pylist()


def test_every_source_is_its_template_with_its_operands(table):
    frame = table.to_pandas(categories=["template"])
    for template, rows in frame.groupby("template", observed=True):
        written = np.full(len(rows), "", dtype=object)
        for mark in template + "=":
            written = written + (rows[mark].astype(int).astype(str) if mark in "abc" else mark)
        assert (rows["src"] == written).all()
        assert rows["c"].isna().all() == (template in TWO)
        assert rows["c"].isna().any() == (template in TWO)


def test_columns_and_compression(corpus, table):
    assert table.schema.equals(
        pa.schema(
            {
                "src": pa.string(),
                "tgt": pa.int32(),
                "steps": pa.string(),
                "template": pa.dictionary(pa.int32(), pa.string()),
                "a": pa.int16(),
                "b": pa.int16(),
                "c": pa.int16(),
            }
        )
    )
    assert pq.ParquetFile(corpus).metadata.row_group(0).column(0).compression == "ZSTD"


def test_first_and_last_row(table):
    first = {"src": "0+0=", "tgt": 0, "steps": "0", "template": "a+b", "a": 0, "b": 0, "c": None}
    last = {"src": "49*(49-49)=", "tgt": 0, "steps": "49*0=0", "template": "a*(b-c)", "a": 49, "b": 49, "c": 49}
    assert table.slice(0, 1).to_pylist() == [first]
    assert table.slice(len(table) - 1).to_pylist() == [last]


def test_the_corpus_is_byte_identical_when_made_again(committed, corpus, tmp_path):
    again = tmp_path / "again.parquet"
    assert stage("generate", committed, again).returncode == 0
    assert again.read_bytes() == corpus.read_bytes()


def test_a_large_corpus_comes_in_small_batches():
    batches = generate(100)
    sizes = [len(next(batches)) for _ in range(12)]
    assert max(sizes) <= 2**17
    assert sizes[:3] == [100**2] * 3
    assert sum(sizes[3:11]) == 100**3  # the first template of three operands, whole
    assert sizes[11] == 2**17


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak of a process alone is in /proc")
def test_memory_does_not_grow_with_the_corpus(tmp_path):
    """All 7,217,700 rows in memory would be 600 MiB."""
    params = write_params(tmp_path / "params.yaml", corpus={"operands": 70})
    code = "import sys; from stages import generate; generate.main(); print(open('/proc/self/status').read())"
    command = [sys.executable, "-c", code, params, tmp_path / "corpus.parquet"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert pq.read_metadata(tmp_path / "corpus.parquet").num_rows == 3 * 70**2 + 21 * 70**3
    peak = int(re.search(r"VmHWM:\s+(\d+) kB", done.stdout)[1])
    assert peak < 400 * 2**10


def test_operands_are_a_parameter(tmp_path):
    params = write_params(tmp_path / "params.yaml", corpus={"operands": 3})
    assert stage("generate", params, tmp_path / "corpus.parquet").returncode == 0
    assert pq.read_metadata(tmp_path / "corpus.parquet").num_rows == 3 * 3**2 + 21 * 3**3
