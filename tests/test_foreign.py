"""Somebody else's table: which rows can be scored, what is wrong with the others, and the score itself."""

import pandas as pd
import pytest
from conftest import samples, stage

from stages import foreign
from stages.command import BadInput

ROWS = {
    "12*(3+4)=": "84",
    "3+4=": "8",
    "1+=": "3",
    "5*5": "25",
    "1*2*3*4=": "24",
    "7-9=": "-2",
    "7-8=": "minus one",
    "(1+2)+3=": "6",
    "99999999999*99999999999=": "9999999999800000000001",
}


@pytest.fixture(params=["csv", "parquet"])
def table(request, tmp_path):
    path = tmp_path / f"mine.{request.param}"
    rows = pd.DataFrame({"src": ROWS.keys(), "tgt": ROWS.values(), "note": 1})
    rows.to_csv(path, index=False) if request.param == "csv" else rows.to_parquet(path)
    return path


def test_good_rows_have_a_template_and_bad_ones_a_reason(table):
    rows, bad = foreign.read(table)
    assert rows["src"].to_pylist() == ["12*(3+4)=", "1*2*3*4=", "7-9=", "(1+2)+3="]
    assert rows["tgt"].to_pylist() == [84, 24, -2, 6]
    assert rows["template"].to_pylist() == ["a*(b+c)", "other", "a-b", "other"]
    assert bad == [
        "row 2: '3+4=' is 7, not 8",
        "row 3: '1+=': position 3: expected a number or '(', found '='",
        "row 4: '5*5' does not end with '='",
        "row 7: '7-8=' is -1, not minus one",
        "row 9: the value of '99999999999*99999999999=' is too large to be scored",
    ]


def test_numbers_of_a_parquet_file_are_numbers(tmp_path):
    pd.DataFrame({"src": ["7-9=", "1+1="], "tgt": [-2, 2]}).to_parquet(tmp_path / "mine.parquet")
    rows, bad = foreign.read(tmp_path / "mine.parquet")
    assert (rows["tgt"].to_pylist(), bad) == ([-2, 2], [])


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.csv", None, "no such file"),
        ("a.csv", b"", "not a CSV or Parquet file"),
        ("a.parquet", b"src,tgt\n", "not a CSV or Parquet file"),
        ("a.csv", b"src,answer\n1+1=,2\n", "no column tgt; it has src, answer"),
        ("a.csv", b"src,tgt\n", "no row can be scored; it has none"),
        ("a.csv", b"src,tgt\n1+1=,3\n", "no row can be scored; row 1: '1+1=' is 2, not 3"),
        ("a.csv", b"src,tgt\n\xff\xfe,3\n", "not a CSV or Parquet file"),
    ],
)
def test_a_table_that_cannot_be_read_is_one_line(name, content, words, tmp_path):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(BadInput, match=r"^[^\n]+$") as error:
        foreign.read(tmp_path / name)
    assert str(error.value).startswith(f"{tmp_path / name}: {words}")


def test_the_score_of_any_table(finished, tmp_path):
    """The validation rows as CSV with one bad row more: the share is that of the run's own metrics."""
    valid = pd.read_parquet(samples(finished, "small")[1])[["src", "tgt"]]
    path = tmp_path / "mine.csv"
    pd.concat([valid, pd.DataFrame({"src": ["1+1="], "tgt": [3]})]).to_csv(path, index=False)
    done = stage("evaluate", finished / "params.yaml", finished / "models" / "small-lstm.safetensors", path)
    assert done.returncode == 0, done.stderr
    right = pd.read_parquet(finished / "predictions" / "small-lstm.parquet")["correct"]
    lines = done.stdout.splitlines()
    assert lines[0] == f"{path}: row {len(valid) + 1}: '1+1=' is 2, not 3"
    assert lines[1] == f"exact match {right.mean():.6f} of {len(valid):,} rows; bad rows, left out: 1"
    assert lines[2].endswith(" rows/s")
    assert sum(int(line.rpartition(" ")[2]) for line in lines[3:]) == len(valid)


def test_some_outputs_and_not_all(finished):
    done = stage("evaluate", finished / "params.yaml", "model", "rows", "predictions")
    assert done.returncode == 2
    assert "either all four files to write, or none" in done.stderr
