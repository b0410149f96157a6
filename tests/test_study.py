"""Studies: their points, what a row tells, the verdict on hand-made rows, and one real study through DVC's queue."""

import json
import re
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT, stage

from stages import params, studies, study
from stages.lab import queue
from stages.lab.overrides import overrides, run, trained_rows
from stages.page import sweeps, trials
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


def test_only_points_without_a_row_are_tried_and_rows_keep_the_order_of_the_points():
    entry, tried = made(), []
    known = [("lr=0.01 seed=1", "done"), ("epochs=3", "not measured: about 99 minutes")]
    there = pd.DataFrame(known, columns=["point", "status"]).reindex(columns=["point", "status", "loss"])

    def find(points):
        tried.extend(points)
        yield from ((point, {"status": "done", "loss": 0.5}) for point in reversed(points))

    *_, table = study.study(entry, there, find)
    assert tried == [{"lr": 0.01, "seed": 2}, {"lr": 0.001, "seed": 1}, {"lr": 0.001, "seed": 2}, {"epochs": 3}]
    assert table["point"].tolist() == [studies.label(point) for point in studies.points(entry)]
    assert table["loss"].isna().tolist() == [True, False, False, False, False]


CONFIG = params.read(ROOT / "params.yaml")


@pytest.mark.parametrize(
    ("point", "name", "words"),
    [
        ({"seed": 1, "lr": 0.01}, "full-lstm", ["seed=1", "lr=0.01"]),
        ({"lr": 0.001, "epochs": 25}, "full-lstm", []),  # as params.yaml has it
        ({"cell": "gru"}, "full-gru", ["+runs.full-gru={dataset: full, cell: gru}"]),
        ({"dataset": "single_digit", "cell": "gru"}, "single_digit-gru", []),
        ({"dataset": "two_digit", "sample": 5000}, "two_digit-lstm", ["datasets.two_digit.sample=5000"]),
        ({"sample": "all"}, "full-lstm", ["datasets.full.sample=all"]),
        ({"dataset": "single_digit", "sample": "all"}, "single_digit-lstm", []),
    ],
)
def test_a_point_is_a_run_with_changes(point, name, words):
    assert run("full-lstm", point, CONFIG)[0] == name
    assert overrides("full-lstm", point, CONFIG) == words


def test_how_many_rows_a_point_trains_on():
    assert trained_rows("full-lstm", {"sample": 5000}, CONFIG, 10**6) == 4500
    assert trained_rows("full-lstm", {"sample": "all", "valid_share": 0.5}, CONFIG, 10**6) == 500_000
    assert trained_rows("full-lstm", {}, CONFIG, 10**6) == pytest.approx(0.9 * 20566)


@pytest.mark.parametrize(("reach", "first"), [(0.9, 2), (0.5, 4), (0.1, float("inf"))])
def test_a_row_tells_of_speed_and_steadiness(reach, first):
    loss = [1.0, 0.8, 0.6, 0.5, 0.7]
    history = pd.DataFrame({"epoch": range(1, 6), "valid_loss": loss, "valid_exact_match": 0.1, "clipped": 0.5})
    metrics = dict.fromkeys(queue.METRICS, 0.3)
    timing = dict.fromkeys(queue.TIMING, 2)
    row = queue.row(metrics, timing, history, reach)
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


@pytest.mark.parametrize(
    ("shares", "counts", "verdict"),
    [
        ((0.30, 0.20), (1000, 1000), CONFIRMED),
        ((0.20, 0.30), (1000, 1000), CONTRADICTED),
        ((0.30, 0.20), (50, 50), CHANCE),
        ((0.30, 0.20), (1000, None), CHANCE),  # of how many rows is not known
    ],
)
def test_one_seed_is_judged_by_its_rows(shares, counts, verdict):
    table = pd.DataFrame({"lr": [0.01, 0.001], "status": "done", "exact_match": shares, "rows": counts})
    comparison = studies.Comparison(larger="exact_match", at={"lr": 0.01}, than_at={"lr": 0.001})
    assert trials.compared(comparison, table)[1] == verdict


@pytest.mark.parametrize(("auc", "verdict"), [(0.52, CONFIRMED), (0.48, CONTRADICTED), (0.509, CHANCE)])
def test_a_number_is_held_against_the_standard_error(auc, verdict):
    table = pd.DataFrame({"of": ["everything"], "status": "done", "auc": auc, "error": 0.005})
    for of, expected in (("everything", verdict), ("nothing", UNMEASURED)):
        comparison = studies.Comparison(larger="auc", at={"of": of}, than=0.5)
        assert trials.compared(comparison, table)[1] == expected


def test_a_number_of_a_table_with_gaps_is_the_same():
    table = pd.DataFrame({"epochs": [10.0, np.nan], "seed": [1, 1], "unsteadiness": [0.2, 0.1], "status": "done"})
    assert trials._at(table, {"epochs": 10})["unsteadiness"].tolist() == [0.2]


def test_what_was_not_measured_is_no_failure():
    table = rows([(1, 0.9)], [(1, 0.1)], status="not measured: about 99 minutes")
    assert trials.compared(COMPARISON, table)[1] == UNMEASURED
    drawn = sweeps.picture("small", (made(show=["unsteadiness"]), table.assign(point="a point")))
    assert "Failed" not in drawn.caption
    assert drawn.caption.startswith("1 trainings.")
    assert drawn.caption.endswith("a point not measured: about 99 minutes.")


def test_a_picture_has_every_measure_and_names_what_failed():
    table = rows(enumerate([0.9, 0.8, 1.0]), enumerate([0.1, 0.1, 0.2])).assign(loss=0.5, point="a point")
    table.loc[0, "status"] = "train: diverged"
    drawn = sweeps.picture("learning_rate", (made(show=["loss", "unsteadiness"]), table))
    assert len(drawn.panels) == 2
    assert drawn.caption.endswith("Failed: a point.")
    assert "6 trainings" in drawn.caption
    assert "1 never" in {text.get_text() for text in drawn.panels[0].figure.axes[0].texts}


def test_two_keys_of_which_the_first_is_a_number_are_curves():
    made_of = {
        "lr": [1, 2, 4, 1, 2],
        "cell": ["lstm"] * 3 + ["gru"] * 2,
        "loss": [0.1, 0.2, 0.3, 0.4, 0.5],
        "status": "done",
    }
    drawn = sweeps.picture("x", (made(by=["lr", "cell"]), pd.DataFrame(made_of | {"unsteadiness": 1.0, "point": "p"})))
    lines = {line.get_label(): line.get_xydata().tolist() for line in drawn.panels[0].figure.axes[0].lines}
    assert lines["cell lstm"] == [[1, 0.1], [2, 0.2], [4, 0.3]]
    assert lines["cell gru"] == [[1, 0.4], [2, 0.5]]


def test_the_figures_are_means_with_their_spread():
    table = rows(enumerate([0.8, 1.0]), [(1, 0.25)]).assign(point="p")
    found = sweeps.figures("small", (made(show=["unsteadiness"]), table))
    assert found.heads == ["lr", "seeds", "unsteadiness"]
    assert [[cell.text for cell in row] for row in found.rows] == [["0.01", "2", "0.9 ± 0.14"], ["0.001", "1", "0.25"]]


def test_the_committed_studies_change_what_there_is():
    known = {
        "trainings": {*vars(CONFIG), "dataset", "cell", "sample"},
        "answers": {"run", "dataset", "part", "asked", "like"},
        "shift": {"one", "other", "of"},
    }
    for name, entry in studies.read(ROOT / "studies.yaml").items():
        points = studies.points(entry)
        keys = {key for point in points for key in point}
        assert entry.run is None or entry.run in CONFIG.runs, name
        assert keys <= known[entry.kind], name
        assert set(entry.by) <= keys, name
        for comparison in entry.rule:
            for place in filter(None, (comparison.at, comparison.than_at)):
                assert any(place.items() <= point.items() for point in points), (name, place)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "no such file"),
        ("a: [", "not YAML"),
        ("a: {question: x}", "a.points: "),
        ("{}", "no study 'small'; there are none"),
    ],
)
def test_a_broken_list_of_studies_is_one_line(text, words, tmp_path):
    path = tmp_path / "studies.yaml"
    if text is not None:
        path.write_text(text)
    done = stage("study", ROOT / "params.yaml", path, "small", tmp_path, tmp_path)
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
    - {epochs: 2}
    - {epochs: 100000}
  reach: 2.5
  longest: 1
  by: [lr]
  show: [valid_loss]
  rule:
    - {larger: valid_loss, at: {lr: 7}, than_at: {lr: 0.002}}
"""


def test_a_real_study(repository):
    (repository.root / "studies.yaml").write_text(STUDY)
    repository.commit()
    command = [sys.executable, "-m", "stages.study", "params.yaml", "studies.yaml", "small", "data", "reports"]
    given = {"cwd": repository.root, "env": repository.env, "capture_output": True, "text": True, "timeout": 200}
    done = subprocess.run(command, **given)
    assert done.returncode == 0, done.stderr
    table = pd.read_csv(repository.root / "reports" / "studies" / "small.csv")
    assert table["point"].tolist() == ["lr=0.002 seed=1", "lr=7 seed=1", "epochs=2", "epochs=100000"]
    assert table["status"].tolist()[0] == "done"
    assert table["status"].tolist()[1].startswith("train: params.yaml: lr: Input should be less than")
    assert 0 < table["valid_loss"][0] < 10
    # As params.yaml has it: the pipeline's own results. And what is left out can be told beforehand.
    assert table["loss"][2] == json.loads((repository.root / "reports/metrics/small-lstm.json").read_text())["loss"]
    assert re.fullmatch(r"not measured: about \d+ minutes", table["status"][3])
    assert repository.changed() == {"reports/studies/small.csv"}
    assert "small-" not in repository.run("dvc", "queue", "status")
    again = subprocess.run(command, **given)
    assert (again.returncode, again.stderr.count("\n")) == (0, 1)  # only what was left out is looked at again
    pd.testing.assert_frame_equal(table, pd.read_csv(repository.root / "reports" / "studies" / "small.csv"))
    assert "Does it run?" not in (repository.root / "reports" / "index.html").read_text()
    repository.run("dvc", "repro")
    assert "Does it run?" in (repository.root / "reports" / "index.html").read_text()
    repository.commit()
    repository.undo()
