"""The networks that a study asks: which experiments DVC runs for them, and what is left when one fails or ends."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from conftest import ROOT

from stages.common import params
from stages.common.messages import BadInput
from stages.lab import dvc, networks

CONFIG = params.read(ROOT / "params.yaml")
OWN = Path("data/models/full-lstm.safetensors")
POINTS = [{"run": "full-lstm", "seed": seed, "part": part} for seed in (42, 1, 2) for part in ("train", "rest")]


@pytest.fixture
def called(monkeypatch):
    """The commands that a faked DVC gets. `failing`, an attribute, is the beginning of the command that fails."""

    class Called(list):
        failing = ("nothing",)

    commands, experiments = Called(), set()

    def call(*command, env=None):
        commands.append(command)
        if command[: len(commands.failing)] == commands.failing:
            raise BadInput("`dvc …` failed: ERROR: no space")
        match command:
            case ("dvc", "exp", "run", "--temp", "--name", name, *_):
                experiments.add(name)
            case ("dvc", "exp", "remove", name):
                experiments.remove(name)
            case ("dvc", "get", ".", path, "--rev", commit, "--out", copy):
                Path(copy).write_text(f"{path} of {commit}")
            case ("git", "for-each-ref", _, pattern):
                return "".join(f"commit of {name}\n" for name in experiments if pattern == f"refs/exps/*/*/{name}")
        return ""

    for module in (dvc, networks):
        monkeypatch.setattr(module, "call", call)
    return commands


def test_the_pipelines_own_networks_need_no_dvc(called):
    points = [{"run": "full-lstm"}, {"run": "full-lstm", "seed": 42}]
    with networks.models(points, CONFIG, Path("data")) as find:
        assert find("full-lstm", None) == find("full-lstm", 42) == OWN
    assert called == []


def test_another_seed_is_one_experiment_that_is_removed(called, capsys):
    with networks.models(POINTS, CONFIG, Path("data")) as find:
        assert called[-1][:3] == ("git", "status", "--porcelain")  # before the first experiment
        found = [find(point["run"], point["seed"]) for point in POINTS]
        assert found[0] == OWN
        assert found[2] == found[3] != found[4] == found[5]
        texts = [path.read_text() for path in (found[2], found[4])]
    started = [command for command in called if command[:3] == ("dvc", "exp", "run")]
    assert [command[6:] for command in started] == [("--set-param", f"seed={n}", "train@full-lstm") for n in (1, 2)]
    assert texts == [f"{OWN.as_posix()} of commit of {command[5]}" for command in started]
    assert [command[3] for command in called if command[:3] == ("dvc", "exp", "remove")] == [one[5] for one in started]
    assert capsys.readouterr().err == "study: network 1/2: full-lstm seed=1\nstudy: network 2/2: full-lstm seed=2\n"
    assert not found[2].exists()


def test_the_seed_of_a_run_that_has_its_own(called):
    config = replace(CONFIG, runs=CONFIG.runs | {"own": replace(CONFIG.runs["full-lstm"], seed=3)})
    points = [{"run": "own", "seed": seed} for seed in (3, 42)]
    with networks.models(points, config, Path("data")) as find:
        assert find("own", 3) == Path("data/models/own.safetensors") != find("own", 42)
    [words] = [command[6:] for command in called if command[:3] == ("dvc", "exp", "run")]
    assert words == ("--set-param", "runs.own.seed=42", "train@own")


@pytest.mark.parametrize(("failing", "removed"), [(("dvc", "exp", "run"), 0), (("dvc", "get"), 1)])
def test_a_failure_leaves_no_experiment(called, failing, removed):
    called.failing = failing
    with (
        pytest.raises(BadInput, match=r"^`dvc …` failed: ERROR: no space$"),
        networks.models(POINTS, CONFIG, Path("data")) as find,
    ):
        find("full-lstm", 1)
    assert len([command for command in called if command[:3] == ("dvc", "exp", "remove")]) == removed


def test_a_stopped_experiment_leaves_no_folder(called, tmp_path, monkeypatch):
    """DVC lists an experiment as running as long as its folder exists, even if DVC was killed."""
    monkeypatch.chdir(tmp_path)
    for name in ("network-1", "mine"):
        record = networks.RUNNING / name / f"{name}.run"
        record.parent.mkdir(parents=True)
        (tmp_path / f"folder-{name}").mkdir()
        record.write_text(json.dumps({"name": name, "root_dir": str(tmp_path / f"folder-{name}")}))
    (networks.RUNNING / "mine" / "half.run").write_text('{"na')
    networks._forget("network-1")
    assert [path.name for path in tmp_path.glob("folder-*")] == ["folder-mine"]


STUDY = """\
seeded:
  question: "?"
  kind: answers
  points:
    - {run: small-lstm, seed: [42, 7], part: [valid, train]}
  by: [part]
  show: [exact_match]
  rule:
    - {larger: exact_match, at: {part: train}, than_at: {part: valid}}
"""
KEEP = """
import shutil, sys
from pathlib import Path
from stages.common import params
from stages.lab.networks import models
points = [{"run": "small-lstm", "seed": 7}]
with models(points, params.read(Path("params.yaml")), Path("data")) as find:
    shutil.copy(find("small-lstm", 7), sys.argv[1])
"""


def test_a_real_study(repository, tmp_path):
    (repository.root / "studies.yaml").write_text(STUDY)
    repository.commit()
    (repository.root / "reports" / "studies" / "other.csv").write_text("a table that is not committed yet\n")
    before = repository.run("git", "for-each-ref")
    command = [sys.executable, "-m", "stages.study", "params.yaml", "studies.yaml", "seeded", "data", "reports"]
    given = {"cwd": repository.root, "env": repository.env, "capture_output": True, "text": True, "timeout": 200}
    done = subprocess.run(command, **given)
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines()[2] == "study: network 1/1: small-lstm seed=7"
    table = pd.read_csv(repository.root / "reports" / "studies" / "seeded.csv")
    assert table["point"].tolist() == [
        f"run=small-lstm seed={n} part={part}" for n in (42, 7) for part in ("valid", "train")
    ]
    assert table[["status", "rows"]].to_numpy().tolist() == [["done", 6], ["done", 54]] * 2
    # Again, from DVC's run cache: the network of the other seed
    subprocess.run([sys.executable, "-c", KEEP, tmp_path / "7"], check=True, **given)
    own = repository.root / "data" / "models" / "small-lstm.safetensors"
    assert len({own.read_bytes(), (tmp_path / "7").read_bytes()}) == 2
    assert repository.changed() == {"reports/studies/seeded.csv", "reports/studies/other.csv"}
    assert repository.run("git", "for-each-ref") == before
    for listed in (("queue", "status"), ("exp", "list", "--all-commits"), ("exp", "show", "--csv")):
        assert "network-" not in repository.run("dvc", *listed)
