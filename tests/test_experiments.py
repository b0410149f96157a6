"""`dvc exp run` of a tiny pipeline: what each change reruns, and what DVC shows of it."""

import json
import shutil

from tests.tiny_pipeline import STAGES, stages_run


def test_another_lr_retrains_and_nothing_before(repository):
    output = repository.run("dvc", "exp", "run", "--name", "slow", "-S", "lr=0.0001")
    assert stages_run(output) == {name for name in STAGES if name.startswith(("train", "evaluate", "report"))}
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
    assert stages_run(repository.run("dvc", "repro")) == set()
    params = repository.root / "params.yaml"
    params.write_text(params.read_text().replace("lr: 0.001", "lr: 0.0001"))
    output = repository.run("dvc", "repro", "train@small-lstm")
    assert "Stage 'train@small-lstm' is cached - skipping run" in output  # a training done before is not done again


def test_one_run_alone(repository):
    output = repository.run("dvc", "exp", "run", "-S", "lr=0.2", "evaluate@small-lstm")
    assert stages_run(output) == {"train@small-lstm", "evaluate@small-lstm"}
    found = plotted_rows(repository.run("dvc", "plots", "diff", "--json"))
    assert list(found) == ["reports/plots/small-lstm.csv", "reports/plots/no_7-lstm.csv"]
    changed, other = found.values()
    assert other["HEAD"] == other["workspace"]
    for columns in (["epoch", "valid_loss"], ["epoch", "valid_token_accuracy"], ["right", "predicted", "count"]):
        before, after = ([[row[name] for name in columns] for row in changed[rev]] for rev in ("HEAD", "workspace"))
        assert before != after
    metrics = json.loads(repository.run("dvc", "metrics", "diff", "--all", "--json"))
    exact_match = metrics["reports/metrics/small-lstm.json"]["exact_match"]
    bars = [[float(row["exact_match"]) for row in changed[rev] if row["exact_match"]] for rev in ("HEAD", "workspace")]
    assert bars == [[exact_match["old"]], [exact_match["new"]]]


def plotted_rows(output: str) -> dict[str, dict[str, list[dict]]]:
    """The rows that `dvc plots --json` shows, by file and revision."""
    found = {}
    for name, (picture,) in json.loads(output)["data"].items():
        for row in picture["content"]["data"]["values"]:
            found.setdefault(name, {}).setdefault(row.pop("rev"), []).append(row)
    return found


def test_one_sample_size_reruns_its_own_part(repository):
    output = repository.run("dvc", "exp", "run", "-S", "datasets.small.sample=40")
    assert stages_run(output) == {"sample@small", "train@small-lstm", "evaluate@small-lstm", "report"}


def test_a_new_run_and_a_new_dataset(repository):
    new = (
        "+datasets.five_up={rule: {min: 5, max: 8}, sample: 30, split: rows}",
        "+runs.five_up-gru={dataset: five_up, cell: gru}",
    )
    output = repository.run("dvc", "exp", "run", "-S", new[0], "-S", new[1])
    assert stages_run(output) == {
        "subset@five_up",
        "sample@five_up",
        "train@five_up-gru",
        "evaluate@five_up-gru",
        "report",
    }
    assert "reports/plots/five_up-gru.csv" in plotted_rows(repository.run("dvc", "plots", "show", "--json"))
    assert "five_up-gru" in (repository.root / "reports" / "index.html").read_text()


def test_a_misspelt_override_is_refused(repository):
    output = repository.run("dvc", "exp", "run", "-S", "learning_rate=1", fails=True)
    assert "learning_rate" in output
    assert repository.changed() == set()
