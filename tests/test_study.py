"""Studies: their points, what a row tells, the verdict on hand-made rows, and one real study through DVC's queue."""

import json
import re
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT, stage

from stages import params, studies, study
from stages.command import BadInput
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


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"show": ["los"]}, "no measure 'los'"),
        ({"by": ["lrr"]}, "no key 'lrr'; there are epochs, lr, seed"),
        ({"kind": "answers"}, "run: is for trainings only"),
        ({"reach": None}, "trainings need both"),
        (
            {"rule": [studies.Comparison(larger="loss", at={"lr": 7}, than_at={"lr": 0.01})]},
            "lr=7: should be one point",
        ),
        ({"rule": [studies.Comparison(larger="loss", at={"seed": 1}, than_at={"lr": 0.01})]}, "seed=1: should be one"),
        ({"rule": [studies.Comparison(larger="loss", at={"lr": 0.01}, than=1)]}, "a number is for auc only"),
    ],
)
def test_a_study_that_does_not_fit_together(changes, words):
    with pytest.raises(ValueError, match=words):
        made(**changes)


def test_a_comparison_needs_one_other_side():
    for sides in ({}, {"than_at": {"lr": 1}, "than": 1.0}):
        with pytest.raises(ValueError, match="needs either than_at"):
            studies.Comparison(larger="loss", at={"lr": 0.01}, **sides)


def test_rows_of_points_that_are_no_longer_there_are_left_out(tmp_path):
    path = tmp_path / "small.csv"
    path.write_text("point,status,loss\nlr=0.01 seed=1,done,0.5\nlr=9 seed=1,done,0.5\n")
    assert studies.table(path, made())["point"].tolist() == ["lr=0.01 seed=1"]
    for content in ("", "a,b\n1,2\n"):
        path.write_text(content)
        with pytest.raises(BadInput, match="not a study's table"):
            studies.table(path, made())


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
        ({"name": "as it is"}, "full-lstm", []),
        ({"cell": "gru"}, "full-gru", ["+runs.full-gru={dataset: full, cell: gru}"]),
        ({"dataset": "single_digit", "cell": "gru"}, "single_digit-gru", []),
        ({"dataset": "two_digit", "sample": 5000}, "two_digit-lstm", ["datasets.two_digit.sample=5000"]),
        ({"sample": "all"}, "full-lstm", ["datasets.full.sample=all"]),
        ({"dataset": "full", "cell": "lstm", "epochs": 3}, "full-lstm", ["epochs=3"]),
        ({"dataset": "single_digit", "sample": "all"}, "single_digit-lstm", []),
    ],
)
def test_a_point_is_a_run_with_changes(point, name, words):
    assert run("full-lstm", point, CONFIG)[0] == name
    assert overrides("full-lstm", point, CONFIG) == words


def test_a_number_that_a_run_has_for_itself_is_changed_there():
    config = replace(CONFIG, runs=CONFIG.runs | {"own": replace(CONFIG.runs["full-lstm"], lr=0.01)})
    assert overrides("own", {"lr": 0.01}, config) == []
    assert overrides("own", {"lr": 0.001}, config) == ["runs.own.lr=0.001"]
    assert overrides("own", {"epochs": 3}, config) == ["epochs=3"]


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
    assert row["unsteadiness"] == pytest.approx(np.std([-0.2, -0.1, 0.2], ddof=1))  # of epochs 3, 4 and 5
    assert (row["clipped"], row["loss"], row["device"]) == (0.5, 0.3, 2)


def rows(large, small, status="done"):
    """Unsteadiness at lr 0.01 and at lr 0.001, a seed each."""
    found = [(lr, seed, value, "done") for lr, values in ((0.01, large), (0.001, small)) for seed, value in values]
    table = pd.DataFrame(found, columns=["lr", "seed", "unsteadiness", "status"])
    table.loc[table["lr"] == 0.01, "status"] = status
    return table.assign(rows=np.nan)


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


def test_a_failed_training_has_an_endless_loss_and_no_accuracy():
    table = rows(enumerate([np.nan] * 3), enumerate([0.5, 0.4, 0.2]), status="train: nan").assign(exact_match=0.5)
    for measure, verdict in (("unsteadiness", CONFIRMED), ("exact_match", UNMEASURED)):
        comparison = studies.Comparison(larger=measure, at={"lr": 0.01}, than_at={"lr": 0.001})
        assert trials.compared(comparison, table)[1] == verdict


def test_a_study_of_which_nothing_is_measured_has_a_place_on_the_page():
    table = rows([(1, 0.9)], [], status="not measured: about 99 minutes").assign(loss=np.nan, point="p", epochs=np.nan)
    for keys in (["lr"], ["lr", "epochs"]):
        tried = made(by=keys), table
        assert sweeps.picture("small", tried).panels == []
        assert sweeps.figures("small", tried).rows == []


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
        "rows": np.nan,
    }
    points = [{"lr": [0.01, 0.001], "cell": "lstm", "seed": 1}]
    drawn = sweeps.picture(
        "x", (made(points=points, by=["lr", "cell"]), pd.DataFrame(made_of | {"unsteadiness": 1.0, "point": "p"}))
    )
    lines = {line.get_label(): line.get_xydata().tolist() for line in drawn.panels[0].figure.axes[0].lines}
    assert lines["cell lstm"] == [[1, 0.1], [2, 0.2], [4, 0.3]]
    assert lines["cell gru"] == [[1, 0.4], [2, 0.5]]


def test_labels_that_would_touch_are_left_out():
    assert sweeps._apart([5000, 20288, 20566, 21075, 80000]) == [5000, 20288, 80000]
    assert sweeps._apart([64, 256, 1024]) == [64, 256, 1024]
    assert sweeps._apart([7]) == [7]


def test_the_figures_are_means_with_their_spread():
    table = rows(enumerate([0.8, 1.0]), [(1, 0.25)]).assign(point="p")
    found = sweeps.figures("small", (made(show=["unsteadiness"]), table))
    assert found.heads == ["lr", "seeds", "unsteadiness"]
    assert [[cell.text for cell in row] for row in found.rows] == [["0.01", "2", "0.9 ± 0.14"], ["0.001", "1", "0.25"]]


def test_the_committed_studies_change_what_there_is():
    known = {*vars(CONFIG), "dataset", "cell", "sample", "name"}
    for name, entry in studies.read(ROOT / "studies.yaml").items():
        points = studies.points(entry)
        keys = {key for point in points for key in point}
        assert entry.run is None or entry.run in CONFIG.runs, name
        assert entry.kind != "trainings" or keys | set(entry.always) <= known, name
        assert {point["run"] for point in points if "run" in point} <= set(CONFIG.runs), name


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
  always: {seed: 1}
  points:
    - {lr: [0.002, 7]}
    - {epochs: 2, seed: 42}
    - {epochs: 100000}
  reach: 2.5
  longest: 1
  by: [lr]
  show: [loss]
  rule:
    - {larger: loss, at: {lr: 7}, than_at: {lr: 0.002}}
"""


def test_a_real_study(repository):
    (repository.root / "studies.yaml").write_text(STUDY)
    repository.commit()
    command = [sys.executable, "-m", "stages.study", "params.yaml", "studies.yaml", "small", "data", "reports"]
    given = {"cwd": repository.root, "env": repository.env, "capture_output": True, "text": True, "timeout": 200}
    done = subprocess.run(command, **given)
    assert done.returncode == 0, done.stderr
    table = pd.read_csv(repository.root / "reports" / "studies" / "small.csv")
    assert table["point"].tolist() == ["lr=0.002", "lr=7", "epochs=2 seed=42", "epochs=100000"]
    assert table["status"].tolist()[0] == "done"
    assert table["status"].tolist()[1].startswith("not measured: train: params.yaml: lr: Input should be less than")
    assert 0 < table["loss"][0] < 10
    # As params.yaml has it: the pipeline's own results. And what is left out can be told beforehand.
    known = json.loads((repository.root / "reports/metrics/small-lstm.json").read_text())["loss"]
    assert table["loss"][2] == pytest.approx(known, rel=1e-5)
    assert re.fullmatch(r"not measured: about \d+ minutes", table["status"][3])
    assert repository.changed() == {"reports/studies/small.csv"}
    assert "small-" not in repository.run("dvc", "queue", "status")
    again = subprocess.run(command, **given)
    assert again.returncode == 0, again.stderr
    assert (
        again.stderr.count(": not measured: ") == again.stderr.count("\n") - 1 == 2
    )  # these alone, of which one is tried
    pd.testing.assert_frame_equal(table, pd.read_csv(repository.root / "reports" / "studies" / "small.csv"))
    assert "Does it run?" not in (repository.root / "reports" / "index.html").read_text()
    repository.run("dvc", "repro")
    assert "Does it run?" in (repository.root / "reports" / "index.html").read_text()
    repository.commit()
    repository.undo()
