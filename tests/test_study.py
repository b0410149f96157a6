"""The stage `study`: which points it tries, which studies it refuses, and studies that train nothing."""

import subprocess

import pandas as pd
import pytest
from conftest import ROOT, stage, study_of

from stages import study
from stages.network import machine
from stages.studies import design, table


def test_only_points_without_a_row_are_tried_and_rows_keep_the_order_of_the_points():
    entry, tried = study_of(), []
    known = [("lr=0.01 seed=1", "done"), ("epochs=3", "not measured: about 99 minutes")]
    there = pd.DataFrame(known, columns=["point", "status"]).reindex(columns=["point", "status", "loss"])

    def find(points):
        tried.extend(points)
        yield from ((point, {"status": "done", "loss": 0.5}) for point in reversed(points))

    *_, table = study.study(entry, there, find)
    assert tried == [{"lr": 0.01, "seed": 2}, {"lr": 0.001, "seed": 1}, {"lr": 0.001, "seed": 2}, {"epochs": 3}]
    assert table["point"].tolist() == [design.label(point) for point in design.points(entry)]
    assert table["loss"].isna().tolist() == [True, False, False, False, False]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "no such file"),
        ("a: [", "not YAML"),
        ("a: {question: x}", "a.points: "),
        ("{}", "no study 'small'; there are none"),
    ],
)
def test_a_broken_list_of_studies_is_one_line(text, words, tmp_path):
    path = tmp_path / "studies.yaml"
    if text is not None:
        path.write_text(text)
    done = stage("study", ROOT / "params.yaml", path, "small", tmp_path, tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith(f"study: {path}: ")
    assert words in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_finished_study_says_so(head):
    done = stage("study", head / "params.yaml", head / "studies.yaml", "averaging", head / "data", head / "reports")
    assert (done.returncode, done.stderr) == (0, "study: nothing to do: all points already have results\n")


STUDY = """\
small:
  question: Does it run?
  run: full-lstm
  points:
    - {lr: [0.002, 0.003]}
  reach: 2.5
  keep:
    best: {lr: 0.002}
  ships: best
  by: [lr]
  show: [loss]
  rule:
    - {larger: loss, at: {lr: 0.003}, than_at: {lr: 0.002}}
"""


def test_a_study_named_like_a_run_keeps_nothing(tmp_path):
    path = tmp_path / "studies.yaml"
    path.write_text(STUDY.replace("small:", "full-lstm:"))
    done = stage("study", ROOT / "params.yaml", path, "full-lstm", tmp_path, tmp_path)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "would overwrite the weights of the run of this name" in done.stderr


def test_a_study_of_other_code_is_refused(tmp_path):
    path = tmp_path / "studies.yaml"
    path.write_text(STUDY.replace("reach:", "code: '1234567'\n  reach:"))
    done = stage("study", ROOT / "params.yaml", path, "small", tmp_path, tmp_path)
    assert done.returncode == 1
    assert done.stderr == f"study: {path}: small: needs the code of commit 1234567; check it out first\n"


WITHOUT_TRAINING = """\
asked:
  question: "?"
  kind: answers
  points:
    - {run: small-lstm, part: [train, valid]}
  by: [part]
  show: [exact_match]
  rule:
    - {larger: exact_match, at: {part: train}, than_at: {part: valid}}
shifted:
  question: "?"
  kind: shift
  points:
    - {one: small/train, other: [small/train, no_7/train], of: a}
  by: [other]
  show: [distance]
  rule:
    - {larger: distance, at: {other: no_7/train}, than_at: {other: small/train}}
"""


def test_studies_without_a_training(finished, tmp_path):
    (tmp_path / "studies.yaml").write_text(WITHOUT_TRAINING)
    for name in ("asked", "shifted"):
        done = stage("study", finished / "params.yaml", tmp_path / "studies.yaml", name, finished, tmp_path)
        assert (done.returncode, done.stderr.count(": done\n")) == (0, 2), done.stderr
    text = dict.fromkeys(table.ORIGIN, str)  # '341e4599' is not a number
    asked, shifted = (pd.read_csv(tmp_path / "studies" / f"{name}.csv", dtype=text) for name in ("asked", "shifted"))
    assert asked["rows"].tolist() == [54, 6]
    assert shifted["distance"][0] == 0 < shifted["distance"][1]
    assert shifted["p_value"][0] == 1
    for table, kind in ((asked, "answers"), (shifted, "shift")):
        assert set(table["code"]) == {table.fingerprint(kind)}
        assert set(table["processor"]) == {machine.processor()}
        head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
        assert all(head.startswith(found.removesuffix("+")) for found in table["commit"])
