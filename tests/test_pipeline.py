"""`dvc repro`, `dvc exp run` and their recovery in a tiny pipeline: what runs again, and what DVC shows of it."""

import json

from conftest import REPRODUCED


def stages_run(output: str) -> set[str]:
    """The stages that a `dvc` command ran, by its output."""
    return {line.split("'")[1] for line in output.splitlines() if line.startswith("Running stage '")}


def test_repro_runs_everything_once(reproduced):
    repository, output = reproduced
    by_dataset = {f"{verb}@{dataset}" for verb in ("subset", "sample") for dataset in ("small", "no_7")}
    by_run = {f"{verb}@{run}" for verb in ("train", "evaluate") for run in REPRODUCED}
    assert stages_run(output) == {"generate", "report"} | by_dataset | by_run
    page = (repository.root / "reports" / "index.html").read_text()
    for run in REPRODUCED:
        assert (repository.root / "data" / "models" / f"{run}.safetensors").is_file()
        assert run in page
    again = repository.run("dvc", "repro")
    assert stages_run(again) == set()
    assert "up to date" in again
    assert repository.changed() == set()


def test_an_experiment_is_compared_with_the_last_commit_and_undone(repository):
    output = repository.run("dvc", "exp", "run", "-S", "datasets.small.sample=40", "evaluate@small-lstm")
    assert stages_run(output) == {"sample@small", "train@small-lstm", "evaluate@small-lstm"}

    metrics = json.loads(repository.run("dvc", "metrics", "diff", "--all", "--json"))
    small, other = (metrics[f"reports/metrics/{run}.json"] for run in REPRODUCED)
    assert small["rows"] == {"old": 6, "new": 4, "diff": -2}
    assert other["loss"]["diff"] == 0

    printed, missing = repository.run("dvc", "plots", "diff", "--json").splitlines()
    assert missing == "DVC failed to load some plots for following revisions: 'HEAD'."  # git ignores live curves
    plots = json.loads(printed)["data"]
    drawn = {f"reports/{kind}/{run}.csv" for kind in ("plots", "live") for run in REPRODUCED}
    assert plots.keys() - {"reports/live"} == drawn
    [picture] = plots["reports/plots/small-lstm.csv"]
    for column in ("valid_loss", "valid_token_accuracy", "count"):
        values = {"HEAD": [], "workspace": []}
        for row in picture["content"]["data"]["values"]:
            values[row["rev"]].append(row[column])
        assert values["HEAD"] != values["workspace"]

    repository.run("git", "reset", "--quiet", "--hard")
    repository.run("dvc", "checkout")
    repository.edit("params.yaml", "sample: 60", "sample: 40")
    output = repository.run("dvc", "repro", "train@small-lstm")
    assert stages_run(output) == set()  # the run cache has the sample and the network
    assert "Stage 'train@small-lstm' is cached - skipping run" in output


def test_after_a_failure_the_earlier_results_come_back(repository):
    folders = repository.root / "data", repository.root / "reports"
    before = {path: path.read_bytes() for folder in folders for path in folder.rglob("*") if path.is_file()}
    repository.edit("params.yaml", "sample: 60", "sample: 99999")
    output = repository.run("dvc", "repro", fails=True)
    assert stages_run(output) == {"sample@small"}
    assert "sample: params.yaml: datasets.small.sample: must be at most " in output
    assert "Traceback" not in output
    assert not all(path.exists() for path in before)  # DVC removes a stage's outputs before it runs
    repository.run("git", "checkout", "--quiet", "HEAD", "params.yaml", "dvc.lock", "reports")
    repository.run("dvc", "checkout")
    assert {path: path.read_bytes() for path in before} == before
    assert repository.changed() == set()
