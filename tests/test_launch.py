"""Two ranks train the same curve as one process; only rank 0 writes and prints."""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress

import psutil
import pytest
import torch
from conftest import ROOT, samples, write_params
from torch import distributed

from stages.network import launch, weights


@pytest.fixture(scope="module")
def curves(finished, tmp_path_factory):
    """The history, standard error and timing of a training on one rank, and on two."""
    lab = tmp_path_factory.mktemp("ranks")
    # The last batch has one row: fewer rows than ranks
    config = write_params(lab / "params.yaml", batch_size=53, epochs=3, lr=0.01)
    rows = samples(finished, "small")
    found = []
    for ranks in (1, 2):
        out = lab / str(ranks)
        command = [sys.executable, "-m", "stages.train", config, "small-gru", *rows]  # it has two optimisers
        options = {"TORCHRUN": f"--standalone --nproc-per-node {ranks}"} if ranks > 1 else {}
        done = subprocess.run(
            [*command, out / "r.safetensors", out / "timing.json", out / ".resume"],
            cwd=ROOT,
            env=os.environ | {"OMP_NUM_THREADS": "1"} | options,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        timing = json.loads((out / "timing.json").read_text())
        assert sorted(path.name for path in out.iterdir()) == [".resume", "r.safetensors", "timing.json"]
        found.append((weights.load(out / "r.safetensors").history, done.stderr, timing))
    return found


def test_the_curves_are_the_same(curves):
    (one, _, _), (two, _, _) = curves
    assert len(one) == len(two) == 3
    for row, other in zip(one, two, strict=True):
        assert row == pytest.approx(other, abs=1e-4)
    assert one[0]["train_loss"] - one[2]["train_loss"] > 0.01  # and the loss falls


def test_only_rank_0_prints(curves):
    assert curves[1][1].count("small-gru 3/3: loss") == 1


def test_the_timing_has_the_number_of_processes(curves):
    assert [timing["processes"] for _, _, timing in curves] == [1, 2]


@pytest.fixture
def endless(finished, tmp_path):
    """The command of a training on two ranks that does not end by itself, and its environment."""
    config = write_params(tmp_path / "params.yaml", epochs=10_000)
    out = [tmp_path / name for name in ("r.pt", "timing.json", ".resume")]
    options = {"TORCHRUN": "--standalone --nproc-per-node 2", "OMP_NUM_THREADS": "1"}
    # A warning of PyTorch 2.9 only; the filter in pyproject.toml is for pytest, not for other processes
    options["PYTHONWARNINGS"] = "ignore:Please use the new API settings to control TF32"
    command = [sys.executable, "-m", "stages.train", config, "small-lstm", *samples(finished, "small"), *out]
    return [str(word) for word in command], os.environ | options


def started(command, env, log):
    """The process, after its training has printed an epoch, and its descendants."""
    with log.open("w") as file:
        process = psutil.Popen(command, cwd=ROOT, env=env, stderr=file, start_new_session=True)
    end = time.monotonic() + 90
    while "small-lstm 1/" not in log.read_text():
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < end, log.read_text()
        time.sleep(0.1)
    family = process.children(recursive=True)
    assert len([one for one in family if "stages.train" in one.cmdline()]) >= 2
    return process, family


@pytest.fixture
def cleared():
    """A list of processes to kill after the test, in case it fails."""
    left = []
    yield left
    for one in left:
        with suppress(psutil.NoSuchProcess):
            one.kill()


def test_ctrl_c_ends_all_ranks_in_one_line(endless, cleared, tmp_path):
    process, family = started(*endless, tmp_path / "log")
    cleared += [process, *family]
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does; the ranks are in sessions of their own
    assert process.wait(timeout=60) == 1
    lines = [line for line in (tmp_path / "log").read_text().splitlines() if not line.startswith("small-lstm ")]
    assert lines == ["train: stopped"]
    assert psutil.wait_procs(family, timeout=20)[1] == []


def test_a_killed_rank_ends_all_with_its_exit_status(endless, cleared, tmp_path):
    process, family = started(*endless, tmp_path / "log")
    cleared += [process, *family]
    family[0].kill()
    assert process.wait(timeout=60) == 128 + signal.SIGKILL
    assert psutil.wait_procs(family, timeout=20)[1] == []
    assert "exitcode: -9" in (tmp_path / "log").read_text()


def test_bad_input_in_a_rank_prints_no_traceback(endless, tmp_path):
    command, env = endless
    command[command.index("small-lstm")] = "nobody"
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=120)
    assert done.returncode == 1
    assert f"train: {tmp_path / 'params.yaml'}: runs: no entry 'nobody'; there are" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process that its parent died")
def test_ranks_die_with_their_dvc(endless, cleared, tmp_path):
    command, env = endless
    dvc = [sys.executable, "-c", f"import subprocess; subprocess.run({command})"]
    process, family = started(dvc, env | {"DVC_STAGE": "train"}, tmp_path / "log")
    cleared += [process, *family]
    assert len(family) >= 3  # the launcher and two ranks
    process.kill()
    process.wait()
    assert psutil.wait_procs(family, timeout=20)[1] == []


def test_one_process_has_all_rows():
    assert launch.share(5) == (slice(0, None, 1), 1.0)
    assert launch.first()


@pytest.mark.parametrize(("rows", "parts"), [(5, [[0, 3], [1, 4], [2]]), (3, [[0], [1], [2]]), (2, [[0, 1]] * 3)])
def test_shares_of_three(rows, parts, monkeypatch):
    monkeypatch.setattr(launch, "ranks", lambda: 3)
    found, weight = [], 0
    for rank in range(3):
        monkeypatch.setattr(distributed, "get_rank", lambda rank=rank: rank)
        part, factor = launch.share(rows)
        found.append(torch.arange(rows)[part].tolist())
        weight += factor * len(found[-1])
    assert found == parts
    assert weight == pytest.approx(rows)
