"""A study's trainings in DVC's queue: what is refused before, what a failure leaves, and one real study."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from conftest import ROOT, stage, study_of

from stages import params, study_table
from stages.command import BadInput
from stages.lab import dvc, queue, trained
from stages.network import machine, weights
from tests.copies import BIN

CONFIG = params.read(ROOT / "params.yaml")
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
    assert "would overwrite the weights of the run of this name" in done.stderr


def test_a_study_of_other_code_is_not_tried(tmp_path):
    path = tmp_path / "studies.yaml"
    path.write_text(STUDY.replace("reach:", "code: '1234567'\n  reach:").replace("small-lstm", "full-lstm"))
    done = stage("study", ROOT / "params.yaml", path, "small", tmp_path, tmp_path)
    assert done.returncode == 1
    assert done.stderr == f"study: {path}: small: needs the code of commit 1234567; check it out first\n"


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
    before = dvc.up_to_date("evaluate@full-lstm")
    code = clone / "stages" / "train.py"
    code.write_text(code.read_text() + "# changed\n")
    assert (before, dvc.up_to_date("evaluate@full-lstm")) == (True, False)


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

    for module in (dvc, queue, trained):
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
            "Running stage 'sample@full':\nsample: params.yaml: datasets.full.sample: must be at most 8\n"
            "ERROR: failed to reproduce 'sample@full': failed to run: python\n",
            "not measured: sample: params.yaml: datasets.full.sample: must be at most 8",
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


KEPT = "/history.csv", "/kinds.csv", "/mistakes.csv", "/held_out.csv", "/rounding.json", "/network.safetensors"


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
    failed = "not measured: sample: params.yaml: datasets.small.sample: must be at most "
    assert table["status"].tolist()[1].startswith(failed)
    assert 0 < table["loss"][0] < 10
    # As params.yaml has it: the pipeline's own results. And what is left out can be told beforehand.
    known = json.loads((repository.root / "reports/metrics/small-lstm.json").read_text())["loss"]
    assert table["loss"][2] == pytest.approx(known, rel=1e-5)
    assert re.fullmatch(r"not measured: about \d+ minutes", table["status"][3])
    head = repository.run("git", "rev-parse", "HEAD")
    assert all(head.startswith(str(commit)) for commit in table["commit"])
    assert set(table["code"]) == {study_table.fingerprint("trainings")}
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
    repository.run("dvc", "repro", "--single-item", "report")
    page = (repository.root / "reports" / "index.html").read_text()
    assert f"The code has changed since ({head[:8]})." in page
