"""A tiny real pipeline through the `dvc` command, in a copy of the working tree with a git repository of its own.

The pipeline has run once, for all tests; each has a copy of its own in which the results are committed.
"""

import json
import shutil

import pytest

from tests.copies import Repository
from tests.faults.edits import HOOK

STAGES = {
    "generate",
    *("subset@small", "sample@small", "subset@no_7", "sample@no_7"),
    *("train@small-lstm", "evaluate@small-lstm", "train@no_7-lstm", "evaluate@no_7-lstm"),
    "report",
}


def ran_in_order(output: str) -> list[str]:
    """The stages that a `dvc` command ran."""
    return [line.split("'")[1] for line in output.splitlines() if line.startswith("Running stage '")]


def ran(output: str) -> set[str]:
    return set(ran_in_order(output))


def test_repro_makes_everything(repository):
    assert ran(repository.first) == STAGES
    for run in ("small-lstm", "no_7-lstm"):
        for made in ("data/models/{}.safetensors", "data/predictions/{}.parquet", "reports/metrics/{}.json"):
            assert (repository.root / made.format(run)).is_file()
    assert "no_7-lstm" in (repository.root / "reports" / "index.html").read_text()
    assert {name.partition("/")[0] for name in repository.made} == {"dvc.lock", "reports"}


def test_repro_again_runs_nothing(repository):
    output = repository.run("dvc", "repro")
    assert ran(output) == set()
    assert "up to date" in output
    assert repository.changed() == set()


def test_other_weights_of_the_calculator_make_the_page_stale(repository):
    path = repository.root / "reports" / "studies" / "calculator" / "network.safetensors"
    content = path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    status = repository.run("dvc", "status")
    assert [line.split() for line in status.splitlines()] == [
        ["report:"],
        ["changed", "deps:"],
        ["modified:", "reports/studies"],
    ]
    path.write_bytes(content)
    assert "up to date" in repository.run("dvc", "status")


def test_a_run_again_changes_its_timing_only(repository):
    names = "models/small-lstm.safetensors", "predictions/small-lstm.parquet"
    files = [repository.root / "data" / name for name in names]
    before = [path.read_bytes() for path in files]
    again = ["train@small-lstm", "evaluate@small-lstm"]
    assert ran(repository.run("dvc", "repro", "--force", "--single-item", *again)) == set(again)
    assert [path.read_bytes() for path in files] == before
    assert repository.changed() <= {"dvc.lock", "reports/timing/small-lstm.json"}


def test_another_lr_retrains_and_nothing_before(repository):
    output = repository.run("dvc", "exp", "run", "--name", "slow", "-S", "lr=0.0001")
    assert ran(output) == {name for name in STAGES if name.startswith(("train", "evaluate", "report"))}
    difference = json.loads(repository.run("dvc", "metrics", "diff", "--json"))
    for run in ("small-lstm", "no_7-lstm"):
        assert difference[f"reports/metrics/{run}.json"]["loss"]["diff"] != 0
    changes = json.loads(repository.run("dvc", "params", "diff", "--json"))
    assert changes == {"params.yaml": {"lr": {"old": 0.001, "new": 0.0001, "diff": -0.0009}}}
    assert "slow" in repository.run("dvc", "exp", "show", "--csv")
    page = repository.root / "plots"
    repository.run("dvc", "plots", "diff", "--out", str(page))
    text = (page / "index.html").read_text()
    assert all(word in text for word in ("small-lstm", "no_7-lstm", "workspace", "HEAD"))
    shutil.rmtree(page)
    repository.undo()
    assert ran(repository.run("dvc", "repro")) == set()
    params = repository.root / "params.yaml"
    params.write_text(params.read_text().replace("lr: 0.001", "lr: 0.0001"))
    output = repository.run("dvc", "repro")
    assert "Stage 'train@small-lstm' is cached - skipping run" in output  # a training done before is not done again


def test_one_run_alone(repository):
    output = repository.run("dvc", "exp", "run", "-S", "lr=0.2", "evaluate@small-lstm")
    assert ran(output) == {"train@small-lstm", "evaluate@small-lstm"}
    found = pictures(repository.run("dvc", "plots", "diff", "--json"))
    assert list(found) == ["reports/plots/small-lstm.csv", "reports/plots/no_7-lstm.csv"]
    changed, other = found.values()
    assert other["HEAD"] == other["workspace"]
    for columns in (["epoch", "valid_loss"], ["epoch", "valid_token_accuracy"], ["right", "predicted", "count"]):
        before, after = ([[row[name] for name in columns] for row in changed[rev]] for rev in ("HEAD", "workspace"))
        assert before != after
    metrics = json.loads(repository.run("dvc", "metrics", "diff", "--all", "--json"))
    told = metrics["reports/metrics/small-lstm.json"]["exact_match"]
    bars = [[float(row["exact_match"]) for row in changed[rev] if row["exact_match"]] for rev in ("HEAD", "workspace")]
    assert bars == [[told["old"]], [told["new"]]]


def pictures(output: str) -> dict[str, dict[str, list[dict]]]:
    """What `dvc plots --json` shows: of each picture the rows of each revision."""
    found = {}
    for name, (picture,) in json.loads(output)["data"].items():
        for row in picture["content"]["data"]["values"]:
            found.setdefault(name, {}).setdefault(row.pop("rev"), []).append(row)
    return found


def test_one_sample_size_reruns_its_own_part(repository):
    output = repository.run("dvc", "exp", "run", "-S", "datasets.small.sample=40")
    assert ran(output) == {"sample@small", "train@small-lstm", "evaluate@small-lstm", "report"}


def test_a_new_run_and_a_new_dataset(repository):
    new = "+datasets.five_up={rule: {min: 5, max: 8}, sample: 30}", "+runs.five_up-gru={dataset: five_up, cell: gru}"
    output = repository.run("dvc", "exp", "run", "-S", new[0], "-S", new[1])
    assert ran(output) == {
        "subset@five_up",
        "sample@five_up",
        "train@five_up-gru",
        "evaluate@five_up-gru",
        "report",
    }
    assert "reports/plots/five_up-gru.csv" in pictures(repository.run("dvc", "plots", "show", "--json"))
    assert "five_up-gru" in (repository.root / "reports" / "index.html").read_text()


def test_a_misspelt_override_is_refused(repository):
    output = repository.run("dvc", "exp", "run", "-S", "learning_rate=1", fails=True)
    assert "learning_rate" in output
    assert repository.changed() == set()


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
    *done, failed = ran_in_order(output := repository.run("dvc", "repro", fails=True))
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
    assert ran(repository.run("dvc", "repro")) == set()


def edited(repository, folder, target, name, old, new, fails):
    """`dvc repro` of one stage, which meets an edit as soon as it has read its arguments."""
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
    output = edited(repository, tmp_path, "train@small-lstm", *change, fails=True)
    assert "train: params.yaml changed while the stage ran: lr was 0.001, is 0.002; run it again\n" in output
    assert (repository.root / "dvc.lock").read_bytes() == lock
    assert not (repository.root / "data" / "models" / "small-lstm.safetensors").exists()
    repository.run("git", "checkout", "--quiet", "HEAD", "params.yaml")
    output = repository.run("dvc", "repro", "--force", "--single-item", "train@small-lstm")
    assert ran(output) == {"train@small-lstm"}
    assert "loss" not in output  # the checkpoint had every epoch


def test_an_edit_of_something_else_lets_a_stage_be(repository, tmp_path):
    edited(repository, tmp_path, "train@small-lstm", "stages/page/page.css", "body {", "body  {", fails=False)


def test_a_clone_without_data_knows_whether_its_results_fit(repository, tmp_path):
    clone = Repository(tmp_path / "clone")
    repository.run("git", "clone", "--quiet", ".", str(clone.root))
    look = "dvc", "repro", "--dry", "--allow-missing"
    assert "up to date" in clone.run(*look)
    code = clone.root / "stages" / "generate.py"
    code.write_text(code.read_text() + "# changed\n")
    # DVC would run `report` too, which marks studies of other code, and fails for want of the data to look at
    assert ran(clone.run(*look, fails=True)) == {"generate"}
