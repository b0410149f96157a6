"""A study's trainings in DVC's queue: what a failed training leaves, and one real study."""

import json
import re
import subprocess
import sys

import pandas as pd
import pytest
from conftest import ROOT, study_of

from stages import params, study_table
from stages.command import BadInput
from stages.lab import dvc, queue, trained
from stages.network import machine, weights

CONFIG = params.read(ROOT / "params.yaml")
QUEUE = """\
Task     Name          Created    Status
1713801  {name}  12:43 AM   Success

Worker status: 0 active, 0 idle
"""


def test_a_point_whose_results_cannot_be_read_leaves_nothing(monkeypatch):
    """DVC reports Success, but the experiment's commit is gone, as after `git gc` in a shallow clone."""
    called, queued = [], []

    def call(*command, env=None):
        called.append(command)
        match command:
            case ("dvc", "exp", "run", "--queue", "--name", name, *_):
                queued.append(name)
            case ("dvc", "queue", "status"):
                return QUEUE.format(name=queued[0]) if queued else "Worker status: 0 active, 0 idle"
            case ("git", "for-each-ref", "--format=%(refname:lstrip=-1)", *_):
                return "\n".join(["other-1", *queued])
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
  keep:
    best: {lr: 0.002}
    last: {epochs: 2}
  curves: true
  ships: best
  by: [lr]
  show: [loss]
  rule:
    - {larger: loss, at: {sample: 30000}, than_at: {lr: 0.002}}
"""
KEPT = "history.csv", "kinds.csv", "mistakes.csv", "held_out.csv", "beyond.csv", "rounding.json"
SHIPPED = "everything.csv", "pairs.csv", "network.safetensors"


def test_a_real_study(repository):
    (repository.root / "studies.yaml").write_text(STUDY)
    repository.commit()
    command = [sys.executable, "-m", "stages.study", "params.yaml", "studies.yaml", "small", "data", "reports"]
    given = {"cwd": repository.root, "env": repository.env, "capture_output": True, "text": True, "timeout": 200}
    done = subprocess.run(command, **given)
    assert done.returncode == 0, done.stderr
    text = dict.fromkeys(study_table.ORIGIN, str)  # '341e4599' is not a number
    table = pd.read_csv(repository.root / "reports" / "studies" / "small.csv", dtype=text)
    assert table["point"].tolist() == ["lr=0.002", "sample=30000 epochs=1", "epochs=2 seed=42", "epochs=100000"]
    assert table["status"].tolist()[0] == "done"
    failed = "not measured: sample: params.yaml: datasets.small.sample: must be at most "
    assert table["status"].tolist()[1].startswith(failed)
    assert 0 < table["loss"][0] < 10
    # This point equals params.yaml, so its row has the pipeline's own results; the next one is left out beforehand
    known = json.loads((repository.root / "reports/metrics/small-lstm.json").read_text())["loss"]
    assert table["loss"][2] == pytest.approx(known, rel=1e-5)
    assert re.fullmatch(r"not measured: about \d+ minutes", table["status"][3])
    head = repository.run("git", "rev-parse", "HEAD")
    assert all(map(head.startswith, table["commit"]))
    assert set(table["code"]) == {study_table.fingerprint("trainings")}
    assert table["processor"].dropna().tolist() == [machine.processor()] * 2  # of the points that were trained
    # The files kept for the first point; in data/models only `calculator` is in git
    folder = repository.root / "reports" / "studies" / "small" / "best"
    history, kinds, mistakes = (pd.read_csv(folder / f"{name}.csv") for name in ("history", "kinds", "mistakes"))
    assert kinds["rows"].sum() == table["rows"][0]
    assert (
        len(mistakes)
        == (kinds["rows"] - kinds["right"]).sum()
        == round(table["rows"][0] * (1 - table["exact_match"][0]))
    )
    network = weights.load(repository.root / "data" / "models" / "small.safetensors")
    assert network.history[-1]["valid_loss"] == pytest.approx(history["valid_loss"].iloc[-1], rel=1e-4)
    everything, beyond = (pd.read_csv(folder / f"{name}.csv") for name in ("everything", "beyond"))
    assert everything["rows"].sum() == 3 * 12**2 + 21 * 12**3
    assert beyond.groupby("kind")["rows"].sum().tolist() == [3000] * 4
    curves = pd.read_csv(folder.parent / "curves.csv")
    assert curves["point"].drop_duplicates().tolist() == ["lr=0.002", "epochs=2 seed=42"]
    own = curves[curves["point"] == "lr=0.002"].reset_index(drop=True)
    assert own["valid_loss"].tolist() == pytest.approx(history["valid_loss"].tolist(), rel=1e-5)
    made = {f"best/{name}" for name in (*KEPT, *SHIPPED)} | {f"last/{name}" for name in KEPT}
    made |= {"curves.csv"}
    assert repository.changed() == {f"reports/studies/small/{name}" for name in made} | {"reports/studies/small.csv"}
    for listed in (("queue", "status"), ("exp", "list", "--all-commits")):
        assert "small-" not in repository.run("dvc", *listed)
    assert "refs/exps/" not in repository.run("git", "for-each-ref")
    assert "Does it run?" not in (repository.root / "reports" / "index.html").read_text()
    repository.run("dvc", "repro", "--single-item", "report")
    page = (repository.root / "reports" / "index.html").read_text()
    assert "Does it run?" in page
    assert "The code has changed since" not in page
    code = repository.root / "stages" / "train.py"
    code.write_text(code.read_text() + "# changed\n")
    repository.run("dvc", "repro", "--single-item", "report")
    page = (repository.root / "reports" / "index.html").read_text()
    assert f"The code has changed since ({head[:8]})." in page
