"""A resumed training is byte-identical to an uninterrupted one, and no other training finds its checkpoint.

test_interruptions.py has real kills, and two trainings on one checkpoint.
"""

from pathlib import Path

import pytest
import torch
from conftest import TINY, samples, stage, write_params

from stages import STAGES
from stages.network import checkpoint
from stages.network.checkpoint import Checkpoint, fingerprint
from tests.networks import small_run

OTHER = "report.py", "page/render.py", "studies/design.py"  # on which no training depends
STEPS = 4  # per epoch: 54 rows in batches of 16
OWN_LR = TINY["runs"] | {"small-gru": TINY["runs"]["small-gru"] | {"lr": 0.002}}


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


@pytest.fixture(scope="module", params=[("lstm", {}), ("lstm", RECIPE), ("gru", RECIPE)], ids=str)
def uninterrupted(request, rows, tmp_path_factory):
    """A cell, settings, and the bytes of the uninterrupted training. The GRU has two optimisers and a scratchpad."""
    cell, recipe = request.param
    lab = tmp_path_factory.mktemp("uninterrupted")
    assert trained(lab, rows, cell, **recipe).returncode == 0
    return cell, recipe, (lab / "r.safetensors").read_bytes()


@pytest.mark.parametrize(("every", "stop", "kept"), [(0, 2, 2), (0, 4, 4), (0, 7, 7), (999, 3, 0), (999, 11, 8)])
def test_resume_equals_no_interruption(uninterrupted, every, stop, kept, rows, steps, tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoint, "EVERY", every)  # 0: after every step
    cell, recipe, expected = uninterrupted
    steps["stop"] = stop
    assert trained(tmp_path, rows, cell, **recipe).stderr.endswith("train: stopped\n")
    assert not (tmp_path / "r.safetensors").exists()
    steps.update(count=0, stop=None)
    assert trained(tmp_path, rows, cell, **recipe).returncode == 0
    assert steps["count"] == 3 * STEPS - kept
    assert (tmp_path / "r.safetensors").read_bytes() == expected
    assert list((tmp_path / ".resume").glob("*.pt")) == []


OTHERS = ["runs", OWN_LR], ["seed", 7], ["corpus", {"operands": 13}]


@pytest.mark.parametrize(("parts", "changes"), [([0, 1], [other]) for other in OTHERS] + [([1, 1], []), ([0, 0], [])])
def test_other_settings_or_rows_start_from_the_beginning(parts, changes, rows, steps, tmp_path):
    steps["stop"] = 2 * STEPS
    trained(tmp_path, rows, "gru")
    steps.update(count=0, stop=None)
    done = trained(tmp_path, [rows[part] for part in parts], "gru", **dict(changes))
    assert (done.returncode, done.stderr.count("small-gru 1/3")) == (0, 1)


def test_the_fingerprint_is_also_of_code_and_pytorch(tmp_path, monkeypatch):
    table = tmp_path / "table"
    table.write_bytes(b"rows")

    def now():
        return fingerprint(small_run(), 50, [table])

    first = now()
    assert now() == first
    with monkeypatch.context() as patch:
        patch.setattr(torch, "__version__", "0.0")
        assert now() != first
    for name in ("train.py", "network/cells.py", "common/params.py", "arithmetic/scratchpad.py", *OTHER):
        with monkeypatch.context() as patch:
            patch.setitem(checkpoint.SOURCE, STAGES / name, b"# changed")
            assert (now() == first) == (name in OTHER), name
    table.write_bytes(b"other rows")
    assert now() != first


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


def test_an_experiment_in_a_copy_shares_the_repository_s_checkpoints(tmp_path, monkeypatch):
    copy = tmp_path / ".dvc" / "tmp" / "exps" / "standalone" / "tmpabc"
    copy.mkdir(parents=True)
    for folder in (copy, tmp_path):
        monkeypatch.chdir(folder)
        path = Checkpoint(Path(".resume"), "r", "0" * 64).path
        assert path.parent.resolve() == tmp_path / ".resume"
