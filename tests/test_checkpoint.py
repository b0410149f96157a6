"""A resumed training is byte-identical to an uninterrupted one, and no other training finds its checkpoint."""

import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import torch
from conftest import ROOT, samples, stage, write_params

from stages.common import watch
from stages.network import checkpoint, weights
from stages.network.checkpoint import Checkpoint, fingerprint

STEPS = 4  # per epoch: 54 rows in batches of 16
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process that its parent died")
STAGE = os.environ | {"DVC_STAGE": "train"}


@pytest.fixture(scope="module")
def rows(finished):
    return samples(finished, "small")


def trained(lab, rows, cell, **changes):
    config = write_params(lab / "params.yaml", epochs=3, **changes)
    return stage("train", config, f"small-{cell}", *rows, lab / "r.safetensors", lab / "timing.json", lab / ".resume")


@pytest.fixture
def steps(monkeypatch):
    """Counts gradient steps, and interrupts the training before step number `stop`."""
    seen = {"count": 0, "stop": None}
    real = torch.optim.AdamW.step

    def step(*given, **named):
        if seen["count"] == seen["stop"]:
            raise KeyboardInterrupt
        seen["count"] += 1
        return real(*given, **named)

    monkeypatch.setattr(torch.optim.AdamW, "step", step)
    return seen


RECIPE = {"decoder": "attention", "schedule": "one_cycle"}
NEW = {"optimizer": "muon", "scratchpad": "steps"}


@pytest.mark.parametrize(("cell", "recipe"), [("lstm", {}), ("gru", {}), ("lstm", RECIPE), ("gru", RECIPE | NEW)])
@pytest.mark.parametrize(("every", "stop", "kept"), [(0, 2, 2), (0, 4, 4), (0, 7, 7), (999, 3, 0), (999, 11, 8)])
def test_resume_equals_no_interruption(cell, recipe, every, stop, kept, rows, steps, tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoint, "EVERY", every)  # 0: after every step
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir(), two.mkdir()
    assert trained(one, rows, cell, **recipe).returncode == 0
    steps.update(count=0, stop=stop)
    stopped = trained(two, rows, cell, **recipe)
    assert stopped.stderr.endswith("train: stopped\n")
    assert not (two / "r.safetensors").exists()
    steps.update(count=0, stop=None)
    assert trained(two, rows, cell, **recipe).returncode == 0
    assert steps["count"] == 3 * STEPS - kept
    assert (one / "r.safetensors").read_bytes() == (two / "r.safetensors").read_bytes()
    assert list((two / ".resume").iterdir()) == []


def test_killed_between_the_last_epoch_and_the_output(rows, steps, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(weights, "save", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        assert trained(tmp_path, rows, "gru").returncode == 1
    steps["count"] = 0
    assert trained(tmp_path, rows, "gru").returncode == 0
    assert steps["count"] == 0


@pytest.mark.parametrize("changes", [{"lr": 0.002}, {"seed": 7}, {"corpus": {"operands": 13}}])
def test_other_params_start_from_the_beginning(changes, rows, steps, tmp_path):
    steps["stop"] = 2 * STEPS
    trained(tmp_path, rows, "gru")
    steps.update(count=0, stop=None)
    assert trained(tmp_path, rows, "gru", **changes).returncode == 0
    assert steps["count"] == 3 * STEPS


def test_the_fingerprint_is_of_settings_rows_code_and_pytorch(tmp_path, monkeypatch):
    table = tmp_path / "table"
    table.write_bytes(b"rows")
    first = fingerprint({"lr": 1}, [table])
    assert fingerprint({"lr": 1}, [table]) == first
    assert fingerprint({"lr": 2}, [table]) != first
    with monkeypatch.context() as patch:
        patch.setattr(torch, "__version__", "0.0")
        assert fingerprint({"lr": 1}, [table]) != first
    with monkeypatch.context() as patch:
        code = shutil.copytree(ROOT / "stages", tmp_path / "stages")
        patch.setattr(sources, "STAGES", code)
        for name, counts in {
            "report.py": False,
            "lab/queue.py": False,
            "train.py": True,
            "network/cells.py": True,
        }.items():
            before = fingerprint({"lr": 1}, [table])
            with (code / name).open("a") as file:
                file.write("# changed\n")
            assert (fingerprint({"lr": 1}, [table]) != before) == counts, name
    table.write_bytes(b"other rows")
    assert fingerprint({"lr": 1}, [table]) != first


@pytest.mark.parametrize(
    "damage", [lambda good: good[: len(good) // 2], lambda good: b"", lambda good: good[:-1] + bytes([good[-1] ^ 1])]
)
def test_a_damaged_checkpoint_prints_one_line_and_starts_again(damage, rows, steps, tmp_path):
    steps["stop"] = 2 * STEPS
    trained(tmp_path, rows, "gru")
    (path,) = (tmp_path / ".resume").glob("*.pt")
    path.write_bytes(damage(path.read_bytes()))
    steps.update(count=0, stop=None)
    done = trained(tmp_path, rows, "gru")
    assert done.returncode == 0
    assert done.stderr.splitlines()[0] == f"train: {path}: cut short or damaged, so the training starts again"
    assert steps["count"] == 3 * STEPS


def test_a_failing_save_leaves_the_earlier_one(tmp_path, monkeypatch):
    kept = Checkpoint(tmp_path, "r", "0" * 64)
    kept.save({"step": 1})

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match=f"No space left on device: '{kept.path}'"):
        kept.save({"step": 2})
    assert kept.load() == {"step": 1}
    assert [path.name for path in tmp_path.iterdir()] == [kept.path.name]


def test_an_experiment_in_a_copy_shares_the_repository_s_checkpoints(tmp_path, monkeypatch):
    copy = tmp_path / ".dvc" / "tmp" / "exps" / "standalone" / "tmpabc"
    copy.mkdir(parents=True)
    monkeypatch.chdir(copy)
    assert Checkpoint(Path(".resume"), "r", "0" * 64).path.parent == tmp_path / ".resume"
    monkeypatch.chdir(tmp_path)
    assert Checkpoint(Path(".resume"), "r", "0" * 64).path.parent.resolve() == tmp_path / ".resume"


def test_the_same_training_twice_waits(tmp_path, capsys):
    one, two = (Checkpoint(tmp_path, "r", "0" * 64) for _ in range(2))
    order = []

    def second():
        with two.alone():
            order.append("second")

    with one.alone():
        waiting = threading.Thread(target=second)
        waiting.start()
        time.sleep(1.5)
        order.append("first")
    waiting.join(timeout=10)
    assert order == ["first", "second"]
    assert capsys.readouterr().err == "train: r-0000000000000000 is being trained by another process; waiting for it\n"
    assert list(tmp_path.iterdir()) == []


def test_waiting_trainings_run_one_at_a_time(tmp_path, capsys):
    inside, most = [], []

    def train():
        for _ in range(25):
            with Checkpoint(tmp_path, "r", "0" * 64).alone():
                inside.append(None)
                time.sleep(0.001)
                most.append(len(inside))
                inside.pop()

    threads = [threading.Thread(target=train) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert most == [1] * 100
    assert list(tmp_path.iterdir()) == []


@LINUX
def test_a_stage_dies_with_its_dvc():
    child = "from stages import parent; import time; parent.die_with_dvc(); print(flush=True); time.sleep(60)"
    parent = f"import subprocess, sys; p = subprocess.Popen([sys.executable, '-c', {child!r}]); p.wait()"
    command = [sys.executable, "-u", "-c", parent]
    with subprocess.Popen(command, cwd=ROOT, env=STAGE, stdout=subprocess.PIPE) as dvc:
        assert dvc.stdout.readline() == b"\n"  # from the child: it is watching
        dvc.kill()
        assert dvc.communicate(timeout=20) == (b"", None)  # returns when the child has closed it, too


@LINUX
@pytest.mark.parametrize("runners", [0, 1])  # in a queue: one process between the worker that dies and the stage
def test_a_stage_ends_if_its_dvc_died_before_it_could_notice(runners, tmp_path):
    wait = "import pathlib, time\nwhile not pathlib.Path('gone').exists(): time.sleep(0.01)\n"
    stage = [sys.executable, "-c", f"{wait}from stages import parent; parent.die_with_dvc(); print('alive')"]
    runner = [sys.executable, "-c", f"import subprocess; subprocess.run({stage})", "exec-run"]
    dies = f"import subprocess; subprocess.Popen({runner if runners else stage})"
    with subprocess.Popen(
        [sys.executable, "-c", dies],
        cwd=tmp_path,
        env=STAGE | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as dvc:
        dvc.wait(timeout=20)
        (tmp_path / "gone").touch()
        assert dvc.communicate(timeout=20) == ("", "stopped: the DVC that started this stage was killed\n")
