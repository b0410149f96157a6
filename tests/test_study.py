"""Studies: their points, what a row tells, and one real study through DVC's queue."""

import json
import re
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT, stage, study_of

from stages import params, studies, study
from stages.command import BadInput
from stages.lab import trained
from stages.network import weights


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"show": ["los"]}, "no measure 'los'"),
        ({"by": ["lrr"]}, "no key 'lrr'; there are epochs, lr, seed"),
        ({"kind": "answers"}, "run: is for trainings only"),
        ({"reach": None}, "trainings need both"),
        (
            {"rule": [studies.Comparison(larger="loss", at={"lr": 7}, than_at={"lr": 0.01})]},
            "lr=7: must be one point, but for its seeds .found 0.",
        ),
        (
            {"rule": [studies.Comparison(larger="loss", at={"seed": 1}, than_at={"lr": 0.01})]},
            "seed=1: must be one point, but for its seeds .found 2.",
        ),
        ({"rule": [studies.Comparison(larger="loss", at={"lr": 0.01}, than=1)]}, "a number is for auc only"),
        ({"run": None, "reach": None, "kind": "answers", "code": "1"}, "code: is for trainings only"),
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
    assert studies.table(path, study_of())["point"].tolist() == ["lr=0.01 seed=1"]
    for content in ("", "a,b\n1,2\n"):
        path.write_text(content)
        with pytest.raises(BadInput, match="not a study's table"):
            studies.table(path, study_of())


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
    history = pd.DataFrame({"epoch": range(1, 6), "valid_loss": loss, "valid_exact_match": 0.1, "clipped": 0.5})
    metrics = dict.fromkeys(trained.METRICS, 0.3)
    timing = dict.fromkeys(trained.TIMING, 2)
    row = trained.row(metrics, timing, history, reach)
    assert row["epochs_to_reach"] == first
    assert row["unsteadiness"] == pytest.approx(np.std([-0.2, -0.1, 0.2], ddof=1))  # of epochs 3, 4 and 5
    assert (row["clipped"], row["loss"], row["device"]) == (0.5, 0.3, 2)


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


STUDY = """\
small:
  question: Does it run?
  run: small-lstm
  always: {seed: 1}
  points:
    - {lr: 0.002}
    - {sample: 30000, epochs: 1}
    - {epochs: 2, seed: 42}
    - {epochs: 100000}
  reach: 2.5
  longest: 5
  keep: {lr: 0.002}
  by: [lr]
  show: [loss]
  rule:
    - {larger: loss, at: {sample: 30000}, than_at: {lr: 0.002}}
"""


def test_a_study_named_like_a_run_keeps_nothing(tmp_path):
    path = tmp_path / "studies.yaml"
    path.write_text(STUDY.replace("small:", "full-lstm:", 1).replace("small-lstm", "full-lstm"))
    done = stage("study", ROOT / "params.yaml", path, "full-lstm", tmp_path, tmp_path)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "a run has this name" in done.stderr


def test_a_study_of_other_code_is_not_tried(tmp_path):
    path = tmp_path / "studies.yaml"
    path.write_text(STUDY.replace("reach:", "code: '1234567'\n  reach:").replace("small-lstm", "full-lstm"))
    done = stage("study", ROOT / "params.yaml", path, "small", tmp_path, tmp_path)
    assert done.returncode == 1
    assert done.stderr == f"study: {path}: small: only commit 1234567 can try all of its points\n"


def test_a_finished_study_says_so(head):
    done = stage("study", head / "params.yaml", head / "studies.yaml", "averaging", head / "data", head / "reports")
    assert (done.returncode, done.stderr) == (0, "study: nothing to do, each point has its row\n")


KEPT = "/history.csv", "/kinds.csv", "/mistakes.csv"


def test_a_real_study(repository):
    (repository.root / "studies.yaml").write_text(STUDY)
    repository.commit()
    command = [sys.executable, "-m", "stages.study", "params.yaml", "studies.yaml", "small", "data", "reports"]
    given = {"cwd": repository.root, "env": repository.env, "capture_output": True, "text": True, "timeout": 200}
    done = subprocess.run(command, **given)
    assert done.returncode == 0, done.stderr
    table = pd.read_csv(repository.root / "reports" / "studies" / "small.csv")
    assert table["point"].tolist() == ["lr=0.002", "sample=30000 epochs=1", "epochs=2 seed=42", "epochs=100000"]
    assert table["status"].tolist()[0] == "done"
    failed = "not measured: sample: params.yaml: datasets.small.sample: 30000 rows asked for, "
    assert table["status"].tolist()[1].startswith(failed)
    assert 0 < table["loss"][0] < 10
    # As params.yaml has it: the pipeline's own results. And what is left out can be told beforehand.
    known = json.loads((repository.root / "reports/metrics/small-lstm.json").read_text())["loss"]
    assert table["loss"][2] == pytest.approx(known, rel=1e-5)
    assert re.fullmatch(r"not measured: about \d+ minutes", table["status"][3])
    # What it keeps of the first one: data/models is not in git, but for `calculator`
    folder = repository.root / "reports" / "studies" / "small"
    history, kinds, mistakes = (pd.read_csv(folder / f"{name}.csv") for name in ("history", "kinds", "mistakes"))
    assert kinds["rows"].sum() == table["rows"][0]
    assert (
        len(mistakes)
        == (kinds["rows"] - kinds["right"]).sum()
        == round(table["rows"][0] * (1 - table["exact_match"][0]))
    )
    network = weights.load(repository.root / "data" / "models" / "small.safetensors")
    assert network.history[-1]["valid_loss"] == pytest.approx(history["valid_loss"].iloc[-1], rel=1e-4)
    assert repository.changed() == {f"reports/studies/small{name}" for name in (".csv", *KEPT)}
    assert "small-" not in repository.run("dvc", "queue", "status")
    again = subprocess.run(command, **given)
    assert again.returncode == 0, again.stderr
    left = again.stderr.count(": not measured: ")
    assert left == again.stderr.count("\n") - 1 == 2  # these alone, of which one is tried
    pd.testing.assert_frame_equal(table, pd.read_csv(repository.root / "reports" / "studies" / "small.csv"))
    assert "Does it run?" not in (repository.root / "reports" / "index.html").read_text()
    repository.run("dvc", "repro")
    assert "Does it run?" in (repository.root / "reports" / "index.html").read_text()
    repository.commit()
    repository.undo()
