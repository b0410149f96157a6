"""Studies: their points, what a row tells, the verdict on hand-made rows, and one real study through DVC's queue."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT, stage

from stages import params, studies, study
from stages.page import trials
from stages.page.verdicts import CHANCE, CONFIRMED, CONTRADICTED, UNMEASURED

COMPARISON = studies.Comparison(larger="unsteadiness", at={"lr": 0.01}, than_at={"lr": 0.001})


def made(**changes):
    known = {
        "question": "?",
        "run": "small-lstm",
        "points": [{"lr": [0.01, 0.001], "seed": [1, 2]}, {"epochs": 3}],
        "reach": 0.5,
        "by": ["lr"],
        "show": ["loss"],
        "rule": [COMPARISON],
    }
    return studies.Study(**known | changes)


def test_points_are_all_combinations():
    assert studies.points(made()) == [
        {"lr": 0.01, "seed": 1},
        {"lr": 0.01, "seed": 2},
        {"lr": 0.001, "seed": 1},
        {"lr": 0.001, "seed": 2},
        {"epochs": 3},
    ]
    assert studies.label({"lr": 0.01, "seed": 1}) == "lr=0.01 seed=1"


def test_a_point_with_a_row_is_not_missing():
    there = pd.DataFrame({"point": ["lr=0.01 seed=1", "epochs=3"]})
    points = [{"lr": 0.01, "seed": 1}, {"lr": 0.01, "seed": 2}, {"epochs": 3}]
    assert study.missing(points, there) == [{"lr": 0.01, "seed": 2}]


@pytest.mark.parametrize(("reach", "first"), [(0.9, 2), (0.5, 4), (0.1, float("inf"))])
def test_a_row_tells_of_speed_and_steadiness(reach, first):
    loss = [1.0, 0.8, 0.6, 0.5, 0.7]
    history = pd.DataFrame({"epoch": range(1, 6), "valid_loss": loss, "valid_exact_match": 0.1, "clipped": 0.5})
    metrics = dict.fromkeys(study.METRICS, 0.3)
    timing = dict.fromkeys(study.TIMING, 2)
    row = study.study(metrics, timing, history, reach)
    assert row["epochs_to_reach"] == first
    assert row["valid_loss"] == 0.7
    assert row["unsteadiness"] == pytest.approx(np.std([-0.2, -0.1, 0.2], ddof=1))  # of epochs 3, 4 and 5
    assert (row["clipped"], row["loss"], row["device"]) == (0.5, 0.3, 2)


def rows(large, small, status="done"):
    """Unsteadiness at lr 0.01 and at lr 0.001, a seed each."""
    found = [(lr, seed, value, "done") for lr, values in ((0.01, large), (0.001, small)) for seed, value in values]
    table = pd.DataFrame(found, columns=["lr", "seed", "unsteadiness", "status"])
    table.loc[table["lr"] == 0.01, "status"] = status
    return table


@pytest.mark.parametrize(
    ("table", "verdict"),
    [
        (rows(enumerate([0.9, 0.8, 1.0]), enumerate([0.1, 0.1, 0.2])), CONFIRMED),
        (rows(enumerate([0.1, 0.1, 0.2]), enumerate([0.9, 0.8, 1.0])), CONTRADICTED),
        (rows(enumerate([0.1, 0.9, 0.5]), enumerate([0.5, 0.4, 0.2])), CHANCE),
        (rows([(1, 0.9)], [(1, 0.1)]), CHANCE),  # one seed says nothing
        (rows([(1, 0.9)], [(2, 0.1)]), UNMEASURED),  # seeds are held against themselves
        (rows([], [(2, 0.1)]), UNMEASURED),
        (rows(enumerate([np.nan] * 3), enumerate([0.5, 0.4, 0.2]), status="train: nan"), CONFIRMED),  # all failed
    ],
)
def test_a_verdict_follows_from_the_rows(table, verdict):
    assert trials.compared(COMPARISON, table)[1] == verdict


def test_the_worst_comparison_is_the_verdict():
    table = rows(enumerate([0.9, 0.8, 1.0]), enumerate([0.1, 0.1, 0.2]))
    turned = studies.Comparison(larger="unsteadiness", at={"lr": 0.001}, than_at={"lr": 0.01})
    assert trials.finding((made(), table))[1] == CONFIRMED
    assert trials.finding((made(rule=[COMPARISON, turned]), table))[1] == CONTRADICTED


def test_a_number_of_a_table_with_gaps_is_the_same():
    table = pd.DataFrame({"epochs": [10.0, np.nan], "seed": [1, 1], "unsteadiness": [0.2, 0.1], "status": "done"})
    assert trials._values(table, {"epochs": 10}, "unsteadiness").tolist() == [0.2]


def test_a_picture_has_every_measure_and_names_what_failed():
    table = rows(enumerate([0.9, 0.8, 1.0]), enumerate([0.1, 0.1, 0.2])).assign(loss=0.5, point="a point")
    table.loc[0, "status"] = "train: diverged"
    drawn = trials.picture("learning_rate", (made(show=["loss", "unsteadiness"]), table))
    assert len(drawn.panels) == 2
    assert drawn.caption.endswith("Failed: a point.")
    assert "6 trainings of small-lstm" in drawn.caption


def test_the_committed_studies_change_what_there_is():
    config = params.read(ROOT / "params.yaml")
    for name, entry in studies.read(ROOT / "studies.yaml").items():
        assert entry.run in config.runs, name
        keys = {key for point in studies.points(entry) for key in point}
        assert {key.partition(".")[0] for key in keys} <= set(vars(config)), name
        assert set(entry.by) <= keys, name
        for comparison in entry.rule:
            assert {*comparison.at, *comparison.than_at} <= keys, name


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "no such file"),
        ("a: [", "not YAML"),
        ("a: {question: x}", "a.run: "),
        ("{}", "no study 'small'; there are none"),
    ],
)
def test_a_broken_list_of_studies_is_one_line(text, words, tmp_path):
    path = tmp_path / "studies.yaml"
    if text is not None:
        path.write_text(text)
    done = stage("study", path, "small", tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith(f"study: {path}: ")
    assert words in done.stderr
    assert done.stderr.count("\n") == 1


STUDY = """\
small:
  question: Does it run?
  run: small-lstm
  points:
    - {lr: [0.002, 7], seed: 1}
  reach: 2.5
  by: [lr]
  show: [valid_loss]
  rule:
    - {larger: valid_loss, at: {lr: 7}, than_at: {lr: 0.002}}
"""


def test_a_real_study(repository):
    (repository.root / "studies.yaml").write_text(STUDY)
    repository.commit()
    command = [sys.executable, "-m", "stages.study", "studies.yaml", "small", "reports"]
    given = {"cwd": repository.root, "env": repository.env, "capture_output": True, "text": True, "timeout": 200}
    done = subprocess.run(command, **given)
    assert done.returncode == 0, done.stderr
    table = pd.read_csv(repository.root / "reports" / "studies" / "small.csv")
    assert table["point"].tolist() == ["lr=0.002 seed=1", "lr=7 seed=1"]
    assert table["status"].tolist()[0] == "done"
    assert table["status"].tolist()[1].startswith("train: params.yaml: lr: Input should be less than")
    assert 0 < table["valid_loss"][0] < 10
    assert repository.changed() == {"reports/studies/small.csv"}
    assert "small-" not in repository.run("dvc", "queue", "status")
    again = subprocess.run(command, **given)
    assert (again.returncode, again.stderr) == (0, "")
    assert "Does it run?" not in (repository.root / "reports" / "index.html").read_text()
    repository.run("dvc", "repro")
    assert "Does it run?" in (repository.root / "reports" / "index.html").read_text()
    repository.commit()
    repository.undo()
