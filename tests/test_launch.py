"""Two ranks train the same curve as one process; only rank 0 writes and prints; all ranks end together."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress

import psutil
import pytest
from conftest import ROOT, TRAINED, samples, stage, write_params

from stages.network import weights

# The warning comes with PyTorch 2.9 only; the filter in pyproject.toml is for pytest, not for other processes
QUIET = {"OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore:Please use the new API settings to control TF32"}


PROGRAM = sys.executable, "-m", "stages.train"


def environment(ranks):
    return os.environ | QUIET | {"TORCHRUN": f"--standalone --nproc-per-node {ranks}"}


def on_ranks(ranks, command):
    return subprocess.run(command, cwd=ROOT, env=environment(ranks), capture_output=True, text=True, timeout=120)


def test_two_ranks_train_the_curve_of_one_process(finished, tmp_path):
    # The last batch has one row: fewer rows than ranks. small-gru has two optimisers
    config = write_params(tmp_path / "params.yaml", batch_size=53, epochs=3, lr=0.01)
    histories, processes = [], []
    for ranks in (1, 2):
        out = tmp_path / str(ranks)
        paths = [out / name for name in (*TRAINED, ".resume")]
        arguments = [config, "small-gru", *samples(finished, "small"), *paths]
        done = stage("train", *arguments) if ranks == 1 else on_ranks(2, [*PROGRAM, *arguments])
        assert done.returncode == 0, done.stderr
        assert done.stderr.count("small-gru 3/3: loss") == 1
        histories.append(weights.load(paths[0]).history)
        processes.append(json.loads(paths[2].read_text())["processes"])
    assert processes == [1, 2]
    for one, two in zip(*histories, strict=True):
        assert one == pytest.approx(two, abs=1e-4)
    assert histories[0][0]["train_loss"] - histories[0][2]["train_loss"] > 0.01  # and the loss falls


@pytest.fixture
def endless(finished, tmp_path):
    """The command of a training that does not end by itself."""
    config = write_params(tmp_path / "params.yaml", epochs=10_000)
    out = [tmp_path / name for name in (*TRAINED, ".resume")]
    return [str(word) for word in [*PROGRAM, config, "small-lstm", *samples(finished, "small"), *out]]


@pytest.fixture
def start(tmp_path):
    """Starts a command on two ranks, waits for its first epoch, and returns its process, descendants and log."""
    started = []

    def run(command, **variables):
        log, env = tmp_path / "log", environment(2) | variables
        with log.open("w") as file:
            process = psutil.Popen(command, cwd=ROOT, env=env, stderr=file, start_new_session=True)
        started.append(process)
        end = time.monotonic() + 90
        while "small-lstm 1/" not in log.read_text():
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < end, log.read_text()
            time.sleep(0.1)
        family = process.children(recursive=True)
        started.extend(family)
        return process, family, log

    yield run
    for process in started:
        with suppress(psutil.NoSuchProcess):
            process.kill()


def test_ctrl_c_ends_all_ranks_in_one_line(endless, start):
    process, family, log = start(endless)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does; the ranks are in sessions of their own
    assert process.wait(timeout=60) == 1
    assert [line for line in log.read_text().splitlines() if not line.startswith("small-lstm ")] == ["train: stopped"]
    assert psutil.wait_procs(family, timeout=20)[1] == []


def test_a_killed_rank_ends_all_with_its_exit_status(endless, start):
    process, family, log = start(endless)
    family[0].kill()
    assert process.wait(timeout=60) == 128 + signal.SIGKILL
    assert psutil.wait_procs(family, timeout=20)[1] == []
    assert re.search(r"^TORCHRUN: rank [01] was ended by signal 9$", log.read_text(), re.MULTILINE), log.read_text()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process that its parent died")
def test_ranks_die_with_their_dvc(endless, start):
    dvc = [sys.executable, "-c", f"import subprocess; subprocess.run({endless})"]
    process, family, _ = start(dvc, DVC_STAGE="train")
    assert len(family) >= 3  # the launcher and two ranks
    process.kill()
    assert psutil.wait_procs([process, *family], timeout=20)[1] == []


def test_bad_input_in_a_rank_prints_no_traceback(endless, tmp_path):
    command = ["nobody" if word == "small-lstm" else word for word in endless]
    done = on_ranks(1, command)
    assert done.returncode == 1
    assert f"train: {tmp_path / 'params.yaml'}: runs: no entry 'nobody'; there are" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ("--standalone --nproc-per-node gpu", "Cuda is not available."),
        ("--standalone --nproc-per-node 0", "there must be at least 1 process"),
        ("--standalone --nproc-per-node '2", "No closing quotation"),
        ("--nnodes 1 --nproc-per-node 1 --master-addr 127.0.0.1 --master-port PORT", ".*address already in use"),
    ],
)
def test_what_torchrun_cannot_do_is_one_line(options, why, endless):
    with socket.create_server(("", 0)) as taken:
        options = options.replace("PORT", str(taken.getsockname()[1]))
        env = os.environ | QUIET | {"TORCHRUN": options}
        done = subprocess.run(endless, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert re.fullmatch(f"train: TORCHRUN={re.escape(options)}: {why}\n", done.stderr)


def test_ranks_that_cannot_connect_say_so_once(endless):
    env = environment(2) | {"GLOO_SOCKET_IFNAME": "nope"}
    done = subprocess.run(endless, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert re.fullmatch(r"train: the ranks cannot connect: .*Unable to find address for: nope\n", done.stderr)
