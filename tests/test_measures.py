"""The one list of measures against what is really written, by `evaluate` and at the points of studies."""

import json

import pandas as pd
import pytest
from conftest import TINY, study_of

from stages.lab import answers, shift, trained
from stages.studies import measures, table

HISTORY = pd.DataFrame({"epoch": [1, 2, 3], "valid_loss": [1.0, 0.5, 0.4], "clipped": [0.5, 0.25, 0.0]})
ANSWERS = pd.DataFrame(
    {"src": ["1+2=", "4*5="], "tgt": [3, 20], "predicted": ["3", "21"], "correct": [True, False], "template": "a+b"}
)
ROWS = pd.DataFrame(
    {"src": ["1+2=", "4*5="] * 20, "tgt": [3, 20] * 20, "template": ["a+b", "a*b"] * 20, "a": [1, 4] * 20}
).assign(b=[2, 5] * 20, c=[3, 4] * 20)


def test_metrics_are_those_of_evaluate(finished):
    for name in TINY["runs"]:
        found = json.loads((finished / "metrics" / f"{name}.json").read_text())
        known = measures.of(measures.METRICS)
        assert {name for name in known if not known[name].column.gaps} <= set(found) <= set(known)


def test_a_training_s_row():
    found = trained.summary({"rows": 10, "exact_match": 0.5}, {}, HISTORY, reach=0.6)
    assert set(found) - set(table.MACHINE) == set(measures.of(measures.TRAININGS))
    assert (found["exact_match"], found["epochs_to_reach"], found["token_accuracy"]) == (0.5, 2, None)


def test_an_answer_s_row():
    found = answers.shares(ANSWERS, pd.Series(1.0, ANSWERS.index))
    assert set(found) == set(measures.of(measures.ANSWERS))


def test_a_shift_s_row():
    found = shift.compare(ROWS, ROWS, "template") | shift.compare(ROWS, ROWS, "everything")
    assert set(found) == set(measures.of(measures.SHIFT))


def test_names_are_different_and_titles_fill():
    assert len(measures.BY_NAME) == len(measures.MEASURES)
    assert {measure.title.format(reach=0.6) for measure in measures.MEASURES} >= {"epochs to reach a loss of 0.6"}


def test_a_row_from_before_a_measure_is_readable(tmp_path):
    path = tmp_path / "small.csv"
    path.write_text("point,status,lr,seed,exact_match\nlr=0.01 seed=1,done,0.01,1,0.5\n")
    table = table.read(path, study_of())
    assert table["exact_match"].tolist() == [0.5]
    assert table["token_accuracy"].isna().all()


@pytest.mark.parametrize("value", [1.5, -0.1, "word"])
def test_a_share_above_one_is_refused_by_the_list(value):
    assert not measures.in_study(measures.BY_NAME["exact_match"]).fits(value)
