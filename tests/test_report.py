"""The report's tables against hand-counted ones, and its files: every run, the same bytes again."""

import re
import xml.etree.ElementTree as ElementTree

import pandas as pd
import pytest
from conftest import ENDINGS, TINY, stage, write_params

from stages import report

PREDICTIONS = pd.DataFrame(
    [
        ("one", "1+2=", 3, "3", True, "a+b", 0.9),
        ("one", "6*2=", 12, "13", False, "a*b", 0.5),
        ("one", "5*5=", 25, "2", False, "a*b", 0.4),
        ("one", "1*3=", 3, "3", True, "a*b", 0.8),
        ("two", "0-4=", -4, "-44", False, "a-b", 0.3),
        ("two", "0-1=", -1, "", False, "a-b", 0.2),
    ],
    columns=["run", "src", "tgt", "predicted", "correct", "template", "probability"],
)


def test_digits_by_hand():
    found = report.digits(PREDICTIONS).set_index(["run", "right", "predicted"])
    assert found["count"].to_dict() == {
        ("one", "3", "3"): 2,
        ("one", "1", "1"): 1,
        ("one", "2", "3"): 1,
        ("one", "2", "2"): 1,
        ("one", "5", "end"): 1,
        ("one", "end", "end"): 4,
        ("two", "-", "-"): 1,
        ("two", "4", "4"): 1,
        ("two", "end", "4"): 1,
        ("two", "-", "end"): 1,
        ("two", "1", "end"): 1,
        ("two", "end", "end"): 1,
    }
    assert found["share"].to_dict()["one", "2", "3"] == 0.5
    assert (found.groupby(["run", "right"])["share"].sum() == 1).all()


def test_by_template_by_hand():
    found = report.by_template(PREDICTIONS)
    assert list(found.columns) == ["one", "two"]
    assert list(found.index[:3]) == ["a+b", "a-b", "a*b"]
    assert found.loc["a*b", "one"] == pytest.approx(1 / 3)
    assert found.loc["a-b", "two"] == 0
    assert pd.isna(found.loc["a-b", "one"])


def many(right, wrong):
    rows = [("one", f"{n}+0=", n, str(n), True, "a+b", 0.5) for n in range(right)]
    rows += [("one", f"{n}-0=", n, "", False, "a-b", 0.5) for n in range(wrong)]
    return pd.DataFrame(rows, columns=PREDICTIONS.columns)


@pytest.mark.parametrize(
    ("right", "wrong", "shown"), [(50, 50, (5, 5)), (2, 50, (2, 8)), (50, 3, (7, 3)), (50, 0, (10, 0)), (2, 1, (2, 1))]
)
def test_ten_answers_right_and_wrong(right, wrong, shown):
    verdicts = report.answers(many(right, wrong))[""].tolist()
    assert (verdicts.count("right"), verdicts.count("**wrong**")) == shown


def test_results_stand_beside_the_original_s():
    metrics = pd.DataFrame(
        {
            "run": ["full-lstm", "own-gru"],
            "dataset": ["full", "own"],
            **{name: [0.5, 0.25] for name in report.METRICS},
        }
    )
    found = report.results(metrics, pd.DataFrame({"seconds_per_epoch": [1.26, 2.0]}))
    assert found["report's loss"].tolist() == ["0.60 to 0.65", ""]
    assert found["report's accuracy"].tolist() == ["0.71 to 0.76", ""]
    assert found["exact match"].tolist() == ["0.5000", "0.2500"]
    assert found["seconds an epoch"].tolist() == ["1.3", "2.0"]


@pytest.fixture(scope="module")
def pages(finished, tmp_path_factory):
    """The report made twice from the same results."""
    folders = [tmp_path_factory.mktemp(name) for name in ("one", "two")]
    for folder in folders:
        outputs = [folder / name for name in ("plots", "figures", "report.md")]
        done = stage("report", finished / "params.yaml", *(finished / name for name in ENDINGS), *outputs)
        assert (done.returncode, done.stderr) == (0, "")
    return folders


def test_same_bytes_again(pages):
    made = [{path.relative_to(folder): path.read_bytes() for path in folder.rglob("*.*")} for folder in pages]
    assert made[0] == made[1]
    assert {str(path) for path in made[0]} == {
        "report.md",
        *(f"plots/{name}.csv" for name in ("curves", "digits", "exact_match")),
        *(f"figures/{name}.svg" for name in ("runs", "cells-small", "templates")),
        *(f"figures/curves-{run}.svg" for run in TINY["runs"]),
    }


def test_figures_are_whole_and_all_on_the_page(pages):
    text = (pages[0] / "report.md").read_text()
    shown = re.findall(r"\]\((figures/[^)]+)\)", text)
    assert {pages[0] / name for name in shown} == set((pages[0] / "figures").iterdir())
    for name in shown:
        assert ElementTree.parse(pages[0] / name).getroot().tag == "{http://www.w3.org/2000/svg}svg"


def test_every_plot_table_tells_the_runs_apart(pages):
    for path in (pages[0] / "plots").iterdir():
        assert set(pd.read_csv(path)["run"]) == set(TINY["runs"])
    curves = pd.read_csv(pages[0] / "plots" / "curves.csv")
    assert curves.groupby("run")["epoch"].max().to_dict() == {"small-lstm": 2, "small-gru": 2, "no_7-lstm": 1}


def test_just_the_runs_of_params(finished, tmp_path):
    config = write_params(tmp_path / "params.yaml", runs={"small-gru": TINY["runs"]["small-gru"]})
    outputs = [tmp_path / name for name in ("plots", "figures", "report.md")]
    assert stage("report", config, *(finished / name for name in ENDINGS), *outputs).returncode == 0
    assert set(pd.read_csv(tmp_path / "plots" / "curves.csv")["run"]) == {"small-gru"}
    assert "small-lstm" not in (tmp_path / "report.md").read_text()
