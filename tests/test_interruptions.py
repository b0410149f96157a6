"""Real kills, an edit under a training, two trainings on one checkpoint, and a disk that gets full."""

import os
import re
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import psutil
import pytest
from conftest import ROOT, TRAINED, samples, stage, stage_arguments, write_params

REPRO = "dvc", "repro", "--force", "--single-item", "train@small-lstm"
MODEL = "data/models/small-lstm.safetensors"
# Python imports this at the start of every process. A training waits after its first checkpoint.
HOOK = """\
import os, pathlib, time
def replace(draft, path, real=os.replace):
    real(draft, path)
    if str(path).endswith(".pt"):
        os.replace = real
        folder = pathlib.Path(os.environ["HOLD"])
        (folder / "held").touch()
        while not (folder / "go on").exists():
            time.sleep(0.02)
if "HOLD" in os.environ:
    os.replace = replace
"""


@contextmanager
def held(command: tuple, root: Path, env: dict[str, str], folder: Path) -> Iterator[subprocess.Popen]:
    """A command whose training waits after its first checkpoint, until there is a file 'go on' in `folder`."""
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(HOOK)
    env = env | {"PYTHONPATH": str(folder), "HOLD": str(folder)}
    heard = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)  # a shell ignores SIGINT in background commands
    given = {"cwd": root, "env": env, "start_new_session": True, "preexec_fn": heard}
    output = folder / "output"  # no pipe: its end would tell nothing of a process that does not end
    with output.open("w") as file, subprocess.Popen(command, stdout=file, stderr=file, **given) as running:
        try:
            end = time.monotonic() + 120
            while not (folder / "held").exists():
                assert running.poll() is None, output.read_text()
                assert time.monotonic() < end, output.read_text()
                time.sleep(0.02)
            yield running
        finally:
            with suppress(ProcessLookupError):
                os.killpg(running.pid, signal.SIGKILL)


def test_a_training_that_was_killed_resumes_to_the_same_bytes(repository, tmp_path):
    before = (repository.root / MODEL).read_bytes()

    for name, kill, number, shell in [
        ("ctrl-c", os.killpg, signal.SIGINT, "/bin/bash"),  # which becomes the training
        ("kill -9 of dvc", os.kill, signal.SIGKILL, "/bin/sh"),  # which waits for it, at least dash
    ]:
        with held(REPRO, repository.root, repository.env | {"SHELL": shell}, tmp_path / name) as dvc:
            training = psutil.Process(dvc.pid).children(recursive=True)
            kill(dvc.pid, number)
            assert dvc.wait(timeout=120) != 0
            assert psutil.wait_procs(training, timeout=120)[1] == []
        output = (tmp_path / name / "output").read_text()
        assert "train: stopped\n" in output
        assert "Traceback" not in output
        assert not (repository.root / MODEL).exists()
    output = repository.run(*REPRO)
    assert re.findall(r"small-lstm (\d)/4: loss", output) == ["3", "4"]  # each interrupted one has trained an epoch
    assert (repository.root / MODEL).read_bytes() == before
    assert list((repository.root / ".resume").glob("*.pt")) == []


def test_an_edit_under_a_training_is_refused_and_nothing_is_trained_twice(repository, tmp_path):
    lock = (repository.root / "dvc.lock").read_bytes()
    with held(REPRO, repository.root, repository.env, tmp_path / "hold") as dvc:
        repository.edit("params.yaml", "lr: 0.001", "lr: 0.002")
        (tmp_path / "hold" / "go on").touch()
        assert dvc.wait(timeout=120) != 0
    output = (tmp_path / "hold" / "output").read_text()
    assert re.search(r"^train: params\.yaml changed while the stage ran: lr\b.*; run it again$", output, re.MULTILINE)
    assert (repository.root / "dvc.lock").read_bytes() == lock
    assert not (repository.root / MODEL).exists()
    repository.edit("params.yaml", "lr: 0.002", "lr: 0.001")
    repository.edit("stages/page/page.css", "body {", "body  {")  # no input of `train`
    assert "loss" not in repository.run(*REPRO)  # the checkpoint had every epoch


def test_two_trainings_on_one_checkpoint_run_one_after_the_other(finished, tmp_path):
    env = os.environ | {"PYTHONUNBUFFERED": "1"}
    commands = [
        (sys.executable, "-m", "stages.train", *stage_arguments("train", finished, tmp_path / out)) for out in "12"
    ]
    with held(commands[0], ROOT, env, tmp_path / "hold") as first:
        with subprocess.Popen(commands[1], cwd=ROOT, env=env, stderr=subprocess.PIPE, text=True) as second:
            assert "is being trained by another process; waiting for it" in second.stderr.readline()
            (tmp_path / "hold" / "go on").touch()
            assert first.wait(timeout=120) == 0
            assert "small-lstm 1/2: loss" in second.stderr.read()  # the first one has deleted the checkpoint
        assert second.returncode == 0
    expected = (finished / "models" / "small-lstm.safetensors").read_bytes()
    assert (tmp_path / "1" / "model").read_bytes() == (tmp_path / "2" / "model").read_bytes() == expected


@pytest.fixture
def full_disk():
    """No file may grow beyond 4,096 bytes while the test runs."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_a_full_disk_is_one_line_and_leaves_earlier_files(finished, tmp_path, full_disk):
    out = tmp_path / "out"
    out.write_text("earlier")
    rows = samples(finished, "small")
    config = write_params(tmp_path / "params.yaml", corpus={"operands": 20})
    for verb, arguments, named in [
        ("generate", [out], re.escape(str(out))),
        (
            "train",
            ["small-lstm", *rows, out, *(tmp_path / name for name in (*TRAINED[1:], ".resume"))],
            r".*/\.resume/small-.*\.pt",
        ),
    ]:
        done = stage(verb, config, *arguments)
        assert done.returncode == 1
        assert re.fullmatch(rf"{verb}: .*File too large: '{named}'\n", done.stderr)
        assert out.read_text() == "earlier"
        assert not list(tmp_path.rglob("*.tmp"))
