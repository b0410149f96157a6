"""A stage that fails, or whose files are edited while it runs, in a tiny pipeline: no result is lost or replaced."""

import pytest
from tests.faults.edits import HOOK

from tests.tiny_pipeline import stages_run, stages_run_in_order

FEWER = "params.yaml", "sample: 60", "sample: 45"
TOO_MANY = "params.yaml", "sample: 60", "sample: 99999"
TOO_FAST = "params.yaml", "dataset: small", "dataset: small\n    lr: 7"
FULL_DISK = "stages/train.py", "    device = machine.device()\n", "    raise OSError('No space left on device')\n"


@pytest.mark.parametrize(
    ("changes", "message", "succeeds"),
    [
        ([TOO_MANY], "sample: params.yaml: datasets.small.sample: must be at most ", set()),
        ([TOO_FAST], "train: params.yaml: runs.small-lstm.lr: must be at most 1 (found 7)", set()),
        ([FEWER, FULL_DISK], "train: No space left on device", {"sample@small"}),
    ],
    ids=["sample", "train", "a stage after one that succeeded"],
)
def test_after_a_failure_the_earlier_results_come_back(changes, message, succeeds, repository):
    results = [
        path for folder in ("data", "reports") for path in (repository.root / folder).rglob("*") if path.is_file()
    ]
    before = {path: path.read_bytes() for path in results}
    for name, old, new in changes:
        path = repository.root / name
        assert path.read_text().count(old) == 1
        path.write_text(path.read_text().replace(old, new))
    *done, failed = stages_run_in_order(output := repository.run("dvc", "repro", fails=True))
    assert message in output
    assert "Traceback" not in output
    assert set(done) == succeeds
    assert failed.partition("@")[0] == message.partition(":")[0]
    assert not all(path.exists() for path in before)  # DVC removes a stage's outputs before it runs
    lock = ["dvc.lock"] if succeeds else []  # only a stage that succeeded has changed it
    repository.run("git", "checkout", "--quiet", "HEAD", "params.yaml", "stages", "reports", *lock)
    repository.run("dvc", "checkout")
    assert {path: path.read_bytes() for path in before} == before
    assert repository.changed() == set()
    assert stages_run(repository.run("dvc", "repro")) == set()


def repro_with_edit(repository, folder, target, name, old, new, fails):
    """`dvc repro` of one stage, with an edit after the stage has read its arguments."""
    text = (repository.root / name).read_text()
    assert text.count(old) == 1
    (folder / "edited").write_text(text.replace(old, new))
    (folder / "sitecustomize.py").write_text(HOOK)
    hooked = {"PYTHONPATH": str(folder), "EDIT_DURING": target, "EDIT": name, "EDITED": str(folder / "edited")}
    before = dict(repository.env)
    repository.env.update(hooked)
    output = repository.run("dvc", "repro", "--force", "--single-item", target, fails=fails)
    repository.env.clear()
    repository.env.update(before)
    assert (repository.root / name).read_text() == text.replace(old, new)
    return output


def test_an_edit_while_a_stage_runs_is_not_recorded(repository, tmp_path):
    """`make faults` does the same to every stage, with code and tables too."""
    lock = (repository.root / "dvc.lock").read_bytes()
    change = "params.yaml", "lr: 0.001", "lr: 0.002"
    output = repro_with_edit(repository, tmp_path, "train@small-lstm", *change, fails=True)
    assert "train: params.yaml changed while the stage ran: lr was 0.001, is 0.002; run it again\n" in output
    assert (repository.root / "dvc.lock").read_bytes() == lock
    assert not (repository.root / "data" / "models" / "small-lstm.safetensors").exists()
    repository.run("git", "checkout", "--quiet", "HEAD", "params.yaml")
    output = repository.run("dvc", "repro", "--force", "--single-item", "train@small-lstm")
    assert stages_run(output) == {"train@small-lstm"}
    assert "loss" not in output  # the checkpoint had every epoch


def test_an_edit_of_something_else_lets_a_stage_be(repository, tmp_path):
    repro_with_edit(repository, tmp_path, "train@small-lstm", "stages/page/page.css", "body {", "body  {", fails=False)
