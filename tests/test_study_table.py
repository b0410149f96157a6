"""The table of a study: which values are accepted, and what identifies the code that made a row."""

import shutil

import pytest
from conftest import study_of

from stages import study
from stages.common import watch
from stages.common.messages import BadInput
from stages.studies import design, table

TRIALS = "point,status,lr,seed,rows,exact_match,loss,epochs_to_reach,threads\n"


def test_a_study_table_with_gaps(tmp_path):
    path = tmp_path / "small.csv"
    path.write_text(f"{TRIALS}lr=0.01 seed=1,done,0.01,1,,0.5,inf,inf,\nlr=0.001 seed=1,train: no,0.001,1,,,,,\n")
    table = table.read(path, study_of())
    assert table["loss"].tolist()[0] == float("inf")
    assert table.loc[1, ["rows", "exact_match", "loss", "threads"]].isna().all()


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("", "has a header but no rows; it is not a study's table"),
        ("lr=0.01 seed=1,done,0.01,1,5,1.5,1,2,1\n", "exact_match: must be a share from 0 to 1 (found 1.5)"),
        ("lr=0.01 seed=1,done,0.01,1,5,inf,1,2,1\n", "exact_match: must be a share from 0 to 1 (found "),
        ("lr=0.01 seed=1,done,0.01,1,5,0.5,low,2,1\n", "loss: must be a number, 0 or more, or inf (found low)"),
        ("lr=0.01 seed=1,done,0.01,1,many,0.5,1,2,1\n", "rows: must be a whole number, 1 or more (found many)"),
        (
            "lr=0.01 seed=1,done,0.01,1,5,0.5,1,-2,1\n",
            "epochs_to_reach: must be a number, 0 or more, or inf (found -2)",
        ),
        ("lr=0.01 seed=1,,0.01,1,5,0.5,1,2,1\n", "status: must be text (found nothing)"),
        ("lr=0.01 seed=1,done,0.02,1,5,0.5,1,2,1\n", "lr, row 1: must be 0.01 (found 0.02)"),
        ("lr=0.01 seed=1,done,0.01,one,5,0.5,1,2,1\n", "seed, row 1: must be 1 (found one)"),
        ("lr=0.01 seed=1,done,0.01,1,5,0.5,1,2,1\n" * 2, "point: duplicate row lr=0.01 seed=1; keep one"),
        ("lr=0.01 seed=1,done,0.01,1,5,0.5\n", "row 1: must have 9 values (found 6)"),
    ],
)
def test_a_study_table_with_damage(row, words, tmp_path):
    path = tmp_path / "small.csv"
    path.write_text(TRIALS + row)
    with pytest.raises(BadInput) as error:
        table.read(path, study_of())
    assert str(error.value).startswith(f"{path}: {words}")


def test_rows_of_points_that_are_no_longer_there_are_left_out(tmp_path):
    path = tmp_path / "small.csv"
    path.write_text("point,status,loss\nlr=0.01 seed=1,done,0.5\nlr=9 seed=1,done,0.5\n")
    assert table.read(path, study_of())["point"].tolist() == ["lr=0.01 seed=1"]
    for content in ("", "a,b\n1,2\n"):
        path.write_text(content)
        with pytest.raises(BadInput, match="not a study's table"):
            table.read(path, study_of())


OLD = """\
point,status,lr,seed,epochs,rows,loss,device,threads,processes,torch
lr=0.01 seed=1,done,0.01,1,,,0.5,cpu,2,1,2.13.0
"""


def test_rows_from_before_processor_commit_and_code_were_recorded(tmp_path):
    path = tmp_path / "small.csv"
    path.write_text(OLD)
    table = table.read(path, study_of())
    assert table[["processor", "commit", "code"]].isna().all(axis=None)
    assert table.loc[0, ["loss", "device", "threads", "torch"]].tolist() == [0.5, "cpu", 2, "2.13.0"]


def test_a_commit_is_no_number(tmp_path):
    """'1234e56' is infinite, and '0123456' has lost a digit, to whom does not know better."""
    entry, made = study_of(), [("1234e567", "0123456789e9"), ("01234567", "000000000000"), (None, "1e1")]

    def find(points):
        for point, (commit, code) in zip(points, made, strict=False):
            yield point, {"status": "done", "threads": 2, "commit": commit, "code": code}

    path = tmp_path / "small.csv"
    path.write_text(OLD)
    *_, table = study.study(entry, table.read(path, entry), find)
    path.write_text(table.to_csv(index=False, float_format="%.6g"))
    again = table.read(path, entry)
    assert again["commit"].tolist()[1:3] == ["1234e567", "01234567"]
    assert again["commit"].isna().tolist() == [True, False, False, True]
    assert again["code"].tolist()[1:] == ["0123456789e9", "000000000000", "1e1"]
    lines = path.read_text().splitlines()
    assert lines[1].startswith("lr=0.01 seed=1,done,0.01,1,,,")
    assert lines[1].endswith(",cpu,2,1,2.13.0,,,")


def test_the_code_hash_depends_on_its_files_but_not_on_line_endings(tmp_path, monkeypatch):
    shutil.copytree(watch.STAGES, tmp_path / "stages", ignore=shutil.ignore_patterns("__pycache__"))
    before = {kind: table.fingerprint(kind) for kind in design.KINDS}
    monkeypatch.setattr(sources, "STAGES", tmp_path / "stages")
    assert {kind: table.fingerprint(kind) for kind in design.KINDS} == before
    assert len(set(before.values())) == 3
    for name, changed in (
        ("page/render.py", set()),
        ("network/cells.py", {"trainings", "answers"}),
        ("lab/shift.py", {"shift"}),
        ("generate.py", {"trainings", "answers", "shift"}),
    ):
        path = tmp_path / "stages" / name
        text = path.read_bytes()
        path.write_bytes(text.replace(b"\n", b"\r\n"))
        assert {kind: table.fingerprint(kind) for kind in design.KINDS} == before
        path.write_bytes(text + b"# more\n")
        assert {kind for kind in design.KINDS if table.fingerprint(kind) != before[kind]} == changed
        path.write_bytes(text)
