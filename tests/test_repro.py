"""`make repro`: the results of `dvc repro` with trainings beside each other, whatever fails or stops them."""

import os
import re
import signal
import subprocess
import sys

import psutil
import pyarrow as pa
from conftest import write_params

from stages import repro
from stages.common import params, tables

COMMAND = sys.executable, "-m", "stages.repro", "params.yaml", "data/samples", "--jobs"
RUNS = "small-lstm", "no_7-lstm"


def test_the_longest_training_is_first(tmp_path):
    for name, texts in {"small": ["1+1="] * 30, "no_7": ["48-36-29="] * 10}.items():
        empty = {field.name: pa.nulls(len(texts), field.type) for field in tables.EXPRESSIONS}
        table = pa.table(empty | {"src": texts}, tables.EXPRESSIONS)
        (tmp_path / name).mkdir()
        tables.write_table(tmp_path / name / "train.parquet", table)
    # 120 and 90 characters; no_7-lstm has one epoch of them, small-gru seven
    runs = {"a": ("no_7", 1), "b": ("small", 2), "c": ("small", 7), "d": ("no_7", 3)}
    entries = {name: {"dataset": dataset, "cell": "lstm", "epochs": epochs} for name, (dataset, epochs) in runs.items()}
    config = params.read(write_params(tmp_path / "params.yaml", runs=entries))
    assert repro.longest_first("abcd", config, tmp_path) == ["c", "d", "b", "a"]


def test_side_by_side_a_failure_is_named_the_others_finish_and_the_bytes_are_those_of_dvc_repro(repository):
    models = [repository.root / f"data/models/{name}.safetensors" for name in RUNS]
    before = [model.read_bytes() for model in models]
    repository.run("rm", "-r", ".dvc/cache", ".resume", "data/film", "data/predictions", *models)
    obstacle = repository.root / "reports" / "live" / "no_7-lstm.csv"  # a folder where a file must be
    obstacle.unlink()
    obstacle.mkdir()
    printed = repository.run(*COMMAND, "2", fails=True)
    assert "repro: 2 trainings, 2 at a time" in printed
    assert "small-lstm 4/4: loss" in printed
    last = r"repro: 1 of 2 runs failed, first no_7-lstm: train: .*reports/live/no_7-lstm\.csv.*"
    assert re.fullmatch(last, printed.splitlines()[-1])
    assert "Traceback" not in printed
    assert [model.exists() for model in models] == [True, False]

    obstacle.rmdir()
    printed = repository.run(*COMMAND, "2")
    assert "at a time" not in printed  # one is left
    assert "no_7-lstm 1/1: loss" in printed
    assert [model.read_bytes() for model in models] == before
    # All but the seconds are the same
    assert repository.changed() == {"dvc.lock", "reports/index.html", *(f"reports/timing/{name}.json" for name in RUNS)}


def test_ctrl_c_ends_all_trainings(repository):
    repository.edit("params.yaml", "lr: 0.001", "lr: 0.002")
    repository.edit("params.yaml", "\nepochs: 2", "\nepochs: 100000")
    text = (repository.root / "params.yaml").read_text()
    (repository.root / "params.yaml").write_text(re.sub(r"\n    epochs: \d+", "", text))  # of the runs
    given = {"cwd": repository.root, "env": repository.env, "text": True, "start_new_session": True}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    with subprocess.Popen([*COMMAND, "2"], **given, **pipes) as running:
        begun = set()
        while len(begun) < len(RUNS):
            line = running.stdout.readline()
            assert line, "ended by itself"
            begun |= {name for name in RUNS if line.startswith(f"{name} 1/")}
        family = psutil.Process(running.pid).children(recursive=True)
        assert len([process for process in family if "stages.train" in process.cmdline()]) == len(RUNS)
        os.killpg(running.pid, signal.SIGINT)  # as a terminal does
        printed = running.stdout.read()
    assert running.returncode == 1
    assert printed.splitlines()[-1] == "repro: stopped"
    assert "Traceback" not in printed
    assert psutil.wait_procs(family, timeout=20)[1] == []
