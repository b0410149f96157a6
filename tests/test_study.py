"""Studies: their points, their tables, and what a row tells."""

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT, stage, study_of

from stages import params, studies, study, study_table
from stages.command import BadInput
from stages.lab import trained


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"show": ["los"]}, "no measure 'los'"),
        ({"by": ["lrr"]}, "no key 'lrr'; there are epochs, lr, seed"),
        ({"kind": "answers"}, "run: only for kind: trainings"),
        ({"reach": None}, "trainings needs both"),
        (
            {"rule": [studies.Comparison(larger="loss", at={"lr": 7}, than_at={"lr": 0.01})]},
            "lr=7: must be one point, apart from its seeds .found 0.",
        ),
        (
            {"rule": [studies.Comparison(larger="loss", at={"seed": 1}, than_at={"lr": 0.01})]},
            "seed=1: must be one point, apart from its seeds .found 2.",
        ),
        ({"rule": [studies.Comparison(larger="loss", at={"lr": 0.01}, than=1)]}, "only auc, whose error is known"),
        ({"run": None, "reach": None, "kind": "answers", "code": "1"}, "code: only for kind: trainings"),
        ({"keep": {"lr": 0.01}}, "keep: lr=0.01: must be one point .found 2."),
    ],
)
def test_a_study_that_does_not_fit_together(changes, words):
    with pytest.raises(ValueError, match=words):
        study_of(**changes)


def test_a_comparison_needs_one_other_side():
    for sides in ({}, {"than_at": {"lr": 1}, "than": 1.0}):
        with pytest.raises(ValueError, match="needs either than_at"):
            studies.Comparison(larger="loss", at={"lr": 0.01}, **sides)


def test_rows_of_points_that_are_no_longer_there_are_left_out(tmp_path):
    path = tmp_path / "small.csv"
    path.write_text("point,status,loss\nlr=0.01 seed=1,done,0.5\nlr=9 seed=1,done,0.5\n")
    assert study_table.read(path, study_of())["point"].tolist() == ["lr=0.01 seed=1"]
    for content in ("", "a,b\n1,2\n"):
        path.write_text(content)
        with pytest.raises(BadInput, match="not a study's table"):
            study_table.read(path, study_of())


OLD = """\
point,status,lr,seed,epochs,rows,loss,device,threads,processes,torch
lr=0.01 seed=1,done,0.01,1,,,0.5,cpu,2,1,2.13.0
"""


def test_rows_from_before_processor_commit_and_code_were_recorded(tmp_path):
    path = tmp_path / "small.csv"
    path.write_text(OLD)
    table = study_table.read(path, study_of())
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
    *_, table = study.study(entry, study_table.read(path, entry), find)
    path.write_text(table.to_csv(index=False, float_format="%.6g"))
    again = study_table.read(path, entry)
    assert again["commit"].tolist()[1:3] == ["1234e567", "01234567"]
    assert again["commit"].isna().tolist() == [True, False, False, True]
    assert again["code"].tolist()[1:] == ["0123456789e9", "000000000000", "1e1"]
    lines = path.read_text().splitlines()
    assert lines[1].startswith("lr=0.01 seed=1,done,0.01,1,,,")
    assert lines[1].endswith(",cpu,2,1,2.13.0,,,")


def test_points_are_all_combinations():
    assert studies.points(study_of()) == [
        {"lr": 0.01, "seed": 1},
        {"lr": 0.01, "seed": 2},
        {"lr": 0.001, "seed": 1},
        {"lr": 0.001, "seed": 2},
        {"epochs": 3},
    ]
    assert studies.label({"lr": 0.01, "seed": 1}) == "lr=0.01 seed=1"


def test_only_points_without_a_row_are_tried_and_rows_keep_the_order_of_the_points():
    entry, tried = study_of(), []
    known = [("lr=0.01 seed=1", "done"), ("epochs=3", "not measured: about 99 minutes")]
    there = pd.DataFrame(known, columns=["point", "status"]).reindex(columns=["point", "status", "loss"])

    def find(points):
        tried.extend(points)
        yield from ((point, {"status": "done", "loss": 0.5}) for point in reversed(points))

    *_, table = study.study(entry, there, find)
    assert tried == [{"lr": 0.01, "seed": 2}, {"lr": 0.001, "seed": 1}, {"lr": 0.001, "seed": 2}, {"epochs": 3}]
    assert table["point"].tolist() == [studies.label(point) for point in studies.points(entry)]
    assert table["loss"].isna().tolist() == [True, False, False, False, False]


CONFIG = params.read(ROOT / "params.yaml")


@pytest.mark.parametrize(("reach", "first"), [(0.9, 2), (0.5, 4), (0.1, float("inf"))])
def test_a_row_tells_of_speed_and_steadiness(reach, first):
    loss = [1.0, 0.8, 0.6, 0.5, 0.7]
    history = pd.DataFrame(
        {"epoch": range(1, 6), "valid_loss": loss, "valid_exact_match": 0.1, "clipped": [1, 0.5, 0, 0, 0]}
    )
    metrics = dict.fromkeys(trained.METRICS, 0.3)
    timing = dict.fromkeys(trained.TIMING, 2)
    row = trained.summary(metrics, timing, history, reach)
    assert row["epochs_to_reach"] == first
    assert row["unsteadiness"] == pytest.approx(np.std([-0.2, -0.1, 0.2], ddof=1))  # of epochs 3, 4 and 5
    assert (row["clipped"], row["loss"], row["device"]) == (0.3, 0.3, 2)


def test_the_committed_studies_change_what_there_is():
    known = {*vars(CONFIG), "dataset", "cell", "sample", "name"}
    for name, entry in studies.read(ROOT / "studies.yaml").items():
        points = studies.points(entry)
        keys = {key for point in points for key in point}
        assert entry.run is None or entry.run in CONFIG.runs, name
        assert entry.kind != "trainings" or entry.code or keys | set(entry.always) <= known, name
        assert {point["run"] for point in points if "run" in point} <= set(CONFIG.runs), name


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
