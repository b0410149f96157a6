"""Studies of trainings: a point's params.yaml, its row, the networks that are kept, and what a stop leaves."""

import json
import math
import signal
import subprocess
import sys
import time

import pandas as pd
import psutil
import pyarrow as pa
import pytest
from conftest import ROOT, study_of

from stages import generate, train
from stages.common import tables, watch
from stages.common.messages import BadInput
from stages.studies import design, kept
from stages.studies.answers import Networks
from stages.studies.trainings import Trainings, add_curve, changed
from tests.study_files import stages_in_this_process

RAW = watch.document(ROOT / "params.yaml")


@pytest.mark.parametrize(
    ("point", "name", "own", "root", "of_dataset"),
    [
        ({"seed": 1, "lr": 0.01}, "full-lstm", {"seed": 1, "lr": 0.01}, {}, {}),
        ({"name": "as it is"}, "full-lstm", {}, {}, {}),
        ({"cell": "gru"}, "full-gru", {}, {}, {}),
        ({"dataset": "two_digit", "epochs": 3}, "two_digit-lstm", {"epochs": 3}, {}, {}),
        ({"dataset": "single_digit", "cell": "gru", "sample": 50}, "single_digit-gru", {}, {}, {"sample": 50}),
        ({"sample": "all", "split": "operands"}, "full-lstm", {}, {}, {"sample": "all", "split": "operands"}),
        ({"sample_seed": 3, "valid_share": 0.5}, "full-lstm", {}, {"sample_seed": 3, "valid_share": 0.5}, {}),
    ],
)
def test_a_point_is_a_params_yaml_with_its_values(point, name, own, root, of_dataset):
    dataset, _, cell = name.partition("-")
    run, changed_dataset, raw = changed(RAW, "full-lstm", point)
    assert (run, changed_dataset) == (name, dataset)
    assert raw["runs"] == {name: {"dataset": dataset, "cell": cell, **own}}
    assert raw["datasets"] == RAW["datasets"] | {dataset: RAW["datasets"][dataset] | of_dataset}
    inner = {"runs": raw["runs"], "datasets": raw["datasets"]}
    assert raw == RAW | root | inner
    own_numbers = RAW | {"runs": {name: {"dataset": dataset, "cell": cell, "lr": 0.5, "epochs": 7}}}
    assert changed(own_numbers, name, point)[2]["runs"][name] == {"lr": 0.5, "epochs": 7} | raw["runs"][name]


@pytest.mark.parametrize(
    ("point", "minutes"),
    [
        ({"sample": 12_000, "epochs": 50}, "150"),  # 9,000 of 12,000 rows, 50 epochs, 50 rows per second
        ({"sample": 4_000, "epochs": 5, "cell": "gru"}, "5"),  # no such run: the dataset's first run counts
        ({"dataset": "single_digit", "sample": 4_000, "epochs": 8}, "20"),  # 24,000 rows, 20 per second
        ({"dataset": "single_digit", "sample": "all", "epochs": 1600}, "24"),  # 18 of its 24 rows
    ],
)
def test_a_training_that_would_take_too_long_is_left_out(point, minutes, tmp_path, monkeypatch):
    names = stages_in_this_process(monkeypatch)
    for folder in ("timing", "subsets"):
        (tmp_path / folder).mkdir()
    for run, speed in {"full-lstm": 50, "single_digit-lstm": 20}.items():
        (tmp_path / "timing" / f"{run}.json").write_text(json.dumps({"rows_per_second": speed}))
    for name, operands in {"single_digit": 1, "full": 2}.items():
        table = pa.Table.from_batches(generate.generate(operands))
        tables.write_table(tmp_path / "subsets" / f"{name}.parquet", table)
    study = study_of(run="full-lstm", longest=0.5, always={"valid_share": 0.25}, points=[{"lr": [0.01, 0.001]}])
    with Trainings(ROOT / "params.yaml", tmp_path, tmp_path) as trainings:
        [(_, values)] = trainings.measured(study, [point], tmp_path, tmp_path)
    assert (values, names) == ({"status": f"not measured: about {minutes} minutes"}, [])


def test_curves_are_in_the_order_of_the_points_and_replace_older_ones(tmp_path):
    study, path = study_of(points=[{"lr": [0.01, 0.001]}]), tmp_path / "study" / "curves.csv"
    before = study_of(points=[{"lr": [0.1, 0.01, 0.001]}])
    added = [(before, 0.1, [9.0]), (study, 0.001, [2.0, 1.0]), (study, 0.01, [3.0, 2.5]), (study, 0.001, [1.5, 0.5])]
    for entry, lr, losses in added:
        shares = {"valid_token_accuracy": 0.5, "valid_exact_match": 0.25, "train_loss": 9.0}
        history = pd.DataFrame({"epoch": range(1, len(losses) + 1), "valid_loss": losses, **shares})
        add_curve(path, entry, {"lr": lr}, history)
    assert path.read_text().splitlines() == [
        "point,epoch,valid_loss,valid_token_accuracy,valid_exact_match",
        "lr=0.01,1,3,0.5,0.25",
        "lr=0.01,2,2.5,0.5,0.25",
        "lr=0.001,1,1.5,0.5,0.25",
        "lr=0.001,2,0.5,0.5,0.25",
    ]


def measured(lab, study, folder, workers=1):
    """Each point's values by its label, from the trainings of the finished pipeline."""
    with Trainings(lab / "params.yaml", lab, folder / ".networks", workers) as trainings:
        values = trainings.measured(study, design.points(study), lab, folder / "kept")
        return {design.label(point): row for point, row in values}


def test_a_point_s_row_is_that_of_the_stages_run_by_hand(finished, tmp_path, monkeypatch):
    """`finished` has the run with seed 42; a study with the other seed finds its network again."""
    monkeypatch.setattr(kept, "BEYOND", 60)
    names = stages_in_this_process(monkeypatch)
    point = {"run": "small-lstm", "seed": 7, "part": "valid"}
    entry = {"points": [{"seed": [42, 7]}], "by": ["seed"], "curves": True, "keep": {"own": {"seed": 42}}}
    comparison = design.Comparison(larger="loss", at={"seed": 42}, than_at={"seed": 7})
    study = study_of(**entry, rule=[comparison])
    rows = measured(finished, study, tmp_path, workers=2)
    metrics = json.loads((finished / "metrics" / "small-lstm.json").read_text())
    own = rows["seed=42"]
    assert (own["status"], own["processes"]) == ("done", 1)
    shared = metrics.keys() & own.keys()
    assert {"exact_match", "loss", "token_accuracy", "train_loss"} < shared
    assert {name: own[name] for name in shared} == {name: metrics[name] for name in shared}
    model = (finished / "models" / "small-lstm.safetensors").read_bytes()
    networks = [path.read_bytes() for path in (tmp_path / ".networks").glob("small-lstm-*.safetensors")]
    assert (len(networks), networks.count(model)) == (2, 1)
    curves = pd.read_csv(tmp_path / "kept" / "curves.csv")
    assert curves["point"].tolist() == ["seed=42"] * 2 + ["seed=7"] * 2
    assert curves["valid_loss"].tolist()[:2] == pytest.approx(
        pd.read_csv(finished / "history" / "small-lstm.csv")["valid_loss"].tolist(), rel=1e-5
    )
    kinds = pd.read_csv(tmp_path / "kept" / "own" / "kinds.csv")
    assert kinds["rows"].sum() == own["rows"] == 6

    assert names.count("train") == 2
    again = measured(finished, study, tmp_path)
    assert pd.Series(again["seed=7"]).equals(pd.Series(rows["seed=7"]))
    with Trainings(finished / "params.yaml", finished, tmp_path / ".networks") as trainings:
        answers = Networks(finished / "params.yaml", finished, trainings).ask(point)
    assert [answers[name] == rows["seed=7"][name] for name in ("status", "rows", "exact_match")] == [True] * 3
    assert (names.count("sample"), names.count("train")) == (5, 2), "no network is trained twice"


@pytest.mark.parametrize(
    ("loss", "message", "status"),
    [
        (math.nan, "", "train: run small-lstm: valid_loss is nan in epoch 1; a smaller lr may help"),
        (1.0, "no idea", "not measured: train: no idea"),
    ],
)
def test_a_row_names_a_loss_that_diverged_and_leaves_out_other_failures(
    loss, message, status, finished, tmp_path, monkeypatch
):
    def validate(*_):
        if message:
            raise BadInput(message)
        return {"valid_loss": loss, "valid_token_accuracy": 0.0, "valid_exact_match": 0.0}

    stages_in_this_process(monkeypatch)
    monkeypatch.setattr(train, "validate", validate)
    rows = measured(finished, study_of(points=[{"lr": [0.01, 0.001]}]), tmp_path)
    assert rows == {"lr=0.01": {"status": status}, "lr=0.001": {"status": status}}


def test_a_failed_stage_gives_its_last_line(finished, tmp_path):
    with Trainings(finished / "params.yaml", finished, tmp_path) as trainings:
        with pytest.raises(BadInput, match=r"^sample: .*no\.yaml: No such file or directory$"):
            trainings.call("sample", tmp_path / "no.yaml", "small", *"abcd")
        trainings.stopped = True
        with pytest.raises(BadInput, match=r"^stopped$"):
            trainings.call("sample")


STUDY = """\
small:
  question: Does it stop?
  run: small-lstm
  points:
    - {seed: 1, epochs: 1}
    - {seed: [2, 3, 4], epochs: 100000}
  reach: 2.5
  by: [epochs]
  show: [loss]
  rule:
    - {larger: loss, at: {epochs: 1}, than_at: {epochs: 100000}}
"""


def test_a_stop_ends_all_trainings_and_leaves_the_rows_that_are_there(finished, tmp_path):
    (tmp_path / "studies.yaml").write_text(STUDY)
    folders = ["--data", finished, "--reports", tmp_path, "--networks", tmp_path / ".networks", "--workers", "2"]
    command = [sys.executable, "-m", "stages.study", finished / "params.yaml", tmp_path / "studies.yaml", "small"]
    table = tmp_path / "studies" / "small.csv"
    with subprocess.Popen([*command, *folders], cwd=ROOT, stderr=subprocess.PIPE, text=True) as study:
        try:
            ends, children = time.monotonic() + 200, []
            while not (table.exists() and len(children) == 2):  # a row is written while two others are trained
                assert time.monotonic() < ends
                assert study.poll() is None, study.stderr.read()
                time.sleep(0.1)
                children = psutil.Process(study.pid).children(recursive=True)
            study.send_signal(signal.SIGTERM)
            _, error = study.communicate(timeout=100)
        finally:
            study.kill()
    assert (study.returncode, error.splitlines()[-1]) == (1, "study: stopped")
    assert psutil.wait_procs(children, timeout=10)[1] == []
    rows = pd.read_csv(table)
    assert rows[["point", "status"]].to_numpy().tolist() == [["seed=1 epochs=1", "done"]]
    assert [path.name for path in table.parent.iterdir()] == ["small.csv"]
    assert len(list((tmp_path / ".networks").glob("*.safetensors"))) == 1
