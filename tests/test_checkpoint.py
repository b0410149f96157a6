"""A resumed training is byte-identical to an uninterrupted one, and no other training finds its checkpoint.

test_interruptions.py has real kills, and two trainings on one checkpoint.
"""

from pathlib import Path

import pytest
import torch
from conftest import TINY, TRAINED, samples, stage, write_params

from stages import STAGES
from stages.network import checkpoint, film, machine, weights
from stages.network.checkpoint import Checkpoint, fingerprint
from tests.networks import small_run

OTHER = "report.py", "page/render.py", "studies/design.py"  # on which no training depends
STEPS = 4  # per epoch: 54 rows in batches of 16
OWN_LR = TINY["runs"] | {"small-gru": TINY["runs"]["small-gru"] | {"lr": 0.002}}


@pytest.fixture(scope="module")
def rows(finished):
    return samples(finished, "small")


def trained(lab, rows, cell, **changes):
    config = write_params(lab / "params.yaml", **{"epochs": 3} | changes)
    return stage("train", config, f"small-{cell}", *rows, *(lab / name for name in (*TRAINED, ".resume")))


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


SAME = "model", "film", "live"
RECIPE = {"decoder": "attention", "schedule": "one_cycle"}


@pytest.fixture(scope="module", params=[("lstm", {}), ("lstm", RECIPE), ("gru", RECIPE)], ids=str)
def uninterrupted(request, rows, tmp_path_factory):
    """A cell, settings, and the bytes of the uninterrupted training. The GRU has two optimisers and a scratchpad."""
    cell, recipe = request.param
    lab = tmp_path_factory.mktemp("uninterrupted")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(film, "LARGE", 0)  # the first epoch is filmed too
        assert trained(lab, rows, cell, **recipe).returncode == 0
    return cell, recipe, [(lab / name).read_bytes() for name in SAME]


@pytest.mark.parametrize(("every", "stop", "kept"), [(0, 2, 2), (0, 4, 4), (0, 7, 7), (999, 3, 0), (999, 11, 8)])
def test_resume_equals_no_interruption(uninterrupted, every, stop, kept, rows, steps, tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoint, "EVERY", every)  # 0: after every step
    monkeypatch.setattr(film, "LARGE", 0)
    cell, recipe, expected = uninterrupted
    steps["stop"] = stop
    assert trained(tmp_path, rows, cell, **recipe).stderr.endswith("train: stopped\n")
    assert not (tmp_path / "model").exists()
    with (tmp_path / "live").open("a") as file:  # as if the training had been killed before its next checkpoint
        file.write("4,0,0,0,0,0,0\n")
    steps.update(count=0, stop=None)
    assert trained(tmp_path, rows, cell, **recipe).returncode == 0
    assert steps["count"] == 3 * STEPS - kept
    assert [(tmp_path / name).read_bytes() for name in SAME] == expected
    assert list((tmp_path / ".resume").glob("*.pt")) == []


@pytest.mark.parametrize(("schedule", "resumed"), [("constant", 2), ("one_cycle", 0)])
def test_more_epochs_with_a_constant_rate_resume_where_fewer_ended(schedule, resumed, rows, steps, tmp_path):
    for name, epochs in [("at once", [4]), ("later", [2, 4])]:
        lab = tmp_path / name
        for count in epochs:
            steps["count"] = 0
            assert trained(lab, rows, "lstm", epochs=count, schedule=schedule, patience=9).returncode == 0
    assert steps["count"] == (4 - resumed) * STEPS
    at_once, later = ([(tmp_path / name / made).read_bytes() for made in SAME] for name in ("at once", "later"))
    assert at_once == later
    assert [path.name.split(".")[1:] for path in lab.glob(".resume/*.done")] == [["4", "done"]]  # one for each run
    trained(lab, rows, "lstm", epochs=4, schedule=schedule, patience=9)
    assert steps["count"] == (8 - resumed) * STEPS  # DVC's -f trains again
    assert trained(lab, rows, "lstm", epochs=3, schedule=schedule, patience=9).stderr.count("small-lstm 1/3") == 1


def test_patience_stops_and_goes_back_to_the_best_epoch(rows, tmp_path, monkeypatch):
    losses = iter([3.0, 1.0, 2.0, 1.5, 0.5])
    monkeypatch.setattr("stages.train.validate", lambda *_: {"valid_loss": next(losses), "valid_exact_match": 0.0})
    assert trained(tmp_path, rows, "lstm", epochs=5, patience=2).stderr.count("small-lstm") == 4
    monkeypatch.undo()
    trained(tmp_path / "two", rows, "lstm", epochs=2)
    stopped, two = (weights.load(lab / "model") for lab in (tmp_path, tmp_path / "two"))
    assert [epoch["valid_loss"] for epoch in stopped.history] == [3.0, 1.0]
    for name, weight in two.model.state_dict().items():
        assert torch.equal(stopped.model.state_dict()[name], weight), name
    assert len((tmp_path / "live").read_text().splitlines()) == 5  # the names of the columns, and four epochs


@pytest.mark.parametrize("other", ["threads", "processes", "processor", "torch", "device"])
def test_another_machine_starts_again_and_says_so(other, rows, steps, tmp_path, monkeypatch):
    steps["stop"] = 2 * STEPS
    trained(tmp_path, rows, "lstm")
    steps.update(count=0, stop=None)
    real = machine.described()
    monkeypatch.setattr(machine, "described", lambda: real | {other: "another"})
    first, second = trained(tmp_path, rows, "lstm").stderr.splitlines()[:2]
    assert (first.endswith("with other threads, ranks or PyTorch"), second[:14]) == (True, "small-lstm 1/3")
    assert steps["count"] == 3 * STEPS


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
        path = Checkpoint(Path(".resume"), "r", "0" * 64, 1).path
        assert path.parent.resolve() == tmp_path / ".resume"
