"""Studies: their points, what a row tells, and one real study through DVC's queue."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT, stage, study_of

from stages import origin, params, studies, study
from stages.command import BadInput
from stages.lab import queue, trained
from stages.network import machine, weights
from tests.copies import BIN


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


OLD = """\
point,status,lr,seed,epochs,rows,loss,device,threads,processes,torch
lr=0.01 seed=1,done,0.01,1,,,0.5,cpu,2,1,2.13.0
"""


def test_rows_from_before_processor_commit_and_code_were_recorded(tmp_path):
    path = tmp_path / "small.csv"
    path.write_text(OLD)
    table = studies.table(path, study_of())
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
    *_, table = study.study(entry, studies.table(path, entry), find)
    path.write_text(table.to_csv(index=False, float_format="%.6g"))
    again = studies.table(path, entry)
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


@pytest.fixture
def untried(head, tmp_path, monkeypatch):
    """A clone of the last commit's one commit, in which the study learning_rate has no rows yet."""
    root = tmp_path / "clone"
    subprocess.run(["git", "clone", "--quiet", "--depth", "1", head.as_uri(), root], check=True)
    (root / "reports" / "studies" / "learning_rate.csv").unlink()
    monkeypatch.chdir(root)
    return "params.yaml", "studies.yaml", "learning_rate", "data", "reports"


def test_a_shallow_clone_is_refused_before_anything_is_queued(untried):
    done = stage("study", *untried)
    assert done.returncode == 1
    assert done.stderr == (
        "study: a shallow clone, in which DVC loses experiments: `git fetch --unshallow` completes it\n"
    )
    assert not Path(".dvc/tmp").exists()


@pytest.mark.parametrize("name", ["params.yaml", "stages/train.py", "dvc.lock"])
def test_uncommitted_changes_are_refused_before_anything_is_queued(name, untried):
    """Else a row would name a commit that did not make it."""
    subprocess.run(["git", "fetch", "--quiet", "--unshallow"], check=True)
    Path(name).write_text(Path(name).read_text() + "# changed\n")
    done = stage("study", *untried)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert done.stderr.startswith(f"study: {name}: has uncommitted changes; commit them first")
    assert not Path(".dvc/tmp").exists()


def test_head_s_results_count_only_where_they_are_of_its_code(head, tmp_path, monkeypatch):
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "--quiet", head, clone], check=True)
    monkeypatch.chdir(clone)
    monkeypatch.setenv("PATH", f"{BIN}{os.pathsep}{os.environ['PATH']}")
    before = queue._up_to_date("evaluate@full-lstm")
    code = clone / "stages" / "train.py"
    code.write_text(code.read_text() + "# changed\n")
    assert (before, queue._up_to_date("evaluate@full-lstm")) == (True, False)


def test_a_repository_of_somebody_else_is_refused_before_anything_is_queued(untried, monkeypatch):
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", os.devnull)
    done = stage("study", *untried)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert f"fatal: detected dubious ownership in repository at '{Path.cwd()}'" in done.stderr
    assert done.stderr.endswith(f"; if you trust it: git config --global --add safe.directory '{Path.cwd()}'\n")
    assert not Path(".dvc/tmp").exists()


QUEUE = """\
Task     Name          Created    Status
1713801  {name}  12:43 AM   Success

Worker status: 0 active, 0 idle
"""


def test_a_point_whose_results_cannot_be_read_leaves_nothing(monkeypatch):
    """DVC says Success, and git does not know the experiment: as in a shallow clone, or after `git gc` there."""
    called, queued = [], []

    def call(*command, env=None):
        called.append(command)
        match command:
            case ("dvc", "exp", "run", "--queue", "--name", name, *_):
                queued.append(name)
            case ("dvc", "queue", "status"):
                return QUEUE.format(name=queued[0]) if queued else "Worker status: 0 active, 0 idle"
            case ("git", "show", *_):
                raise BadInput("fatal: invalid object name")
        return ""

    for module in (queue, trained):
        monkeypatch.setattr(module, "call", call)
    monkeypatch.setattr(queue.time, "sleep", lambda seconds: None)
    entry = study_of(run="full-lstm")
    with (
        pytest.raises(BadInput, match="invalid object name"),
        queue.Queue("small", entry, CONFIG, ROOT / "data", ROOT / "reports") as trying,
    ):
        list(trying.rows([{"lr": 0.01}], 1))
    for words in (("queue", "remove"), ("exp", "remove")):
        assert ("dvc", *words, queued[0]) in called


@pytest.mark.parametrize(
    ("log", "status"),
    [
        (
            "Running stage 'sample@full':\nsample: params.yaml: datasets.full.sample: 9 rows asked for\n"
            "ERROR: failed to reproduce 'sample@full': failed to run: python\n",
            "not measured: sample: params.yaml: datasets.full.sample: 9 rows asked for",
        ),
        (
            "train: .resume/x.pt: cut short or damaged, so the training starts again\n"
            "train: run full-lstm: valid_loss is nan in epoch 3; a smaller lr may help\nERROR: failed to reproduce\n",
            "train: run full-lstm: valid_loss is nan in epoch 3; a smaller lr may help",
        ),
        (
            "Reproducing\nERROR: failed to pull\n\nHaving any troubles? Hit us up at https://dvc.org/support\n",
            "not measured: ERROR: failed to pull",
        ),
        ("", "not measured: Failed"),
    ],
)
def test_a_row_says_why_a_point_failed(log, status, monkeypatch):
    monkeypatch.setattr(queue, "call", lambda *command, env=None: log)
    failed = queue.Queue("small", study_of(run="full-lstm"), CONFIG, ROOT / "data", ROOT / "reports")
    assert failed._ended("small-1", {"lr": 0.01}, "Failed") == {"status": status}


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
    head = repository.run("git", "rev-parse", "HEAD")
    assert all(head.startswith(str(commit)) for commit in table["commit"])
    assert set(table["code"]) == {origin.fingerprint("trainings")}
    assert table["processor"].dropna().tolist() == [machine.processor()] * 2  # of the points that were trained
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
    for listed in (("queue", "status"), ("exp", "list", "--all-commits")):
        assert "small-" not in repository.run("dvc", *listed)
    assert "refs/exps/" not in repository.run("git", "for-each-ref")
    again = subprocess.run(command, **given)
    assert again.returncode == 0, again.stderr
    left = again.stderr.count(": not measured: ")
    assert left == again.stderr.count("\n") - 1 == 2  # these alone, of which one is tried
    pd.testing.assert_frame_equal(table, pd.read_csv(repository.root / "reports" / "studies" / "small.csv"))
    assert "Does it run?" not in (repository.root / "reports" / "index.html").read_text()
    repository.run("dvc", "repro")
    page = (repository.root / "reports" / "index.html").read_text()
    assert "Does it run?" in page
    assert "The code has changed since" not in page
    code = repository.root / "stages" / "train.py"
    code.write_text(code.read_text() + "# changed\n")
    repository.run("dvc", "repro")
    page = (repository.root / "reports" / "index.html").read_text()
    assert f"The code has changed since ({head[:8]})." in page
    repository.commit()
    repository.undo()
