"""The one list of measures against what is really written, by `evaluate` and at the points of studies."""

import json

import pandas as pd
from conftest import TINY

from stages.studies import answers, measures, shift, table, trainings

HISTORY = pd.DataFrame({"epoch": [1, 2, 3], "valid_loss": [1.0, 0.5, 0.4], "clipped": [0.5, 0.25, 0.0]})
ROWS = pd.DataFrame(
    {"src": ["1+2=", "4*5="] * 20, "tgt": [3, 20] * 20, "template": ["a+b", "a*b"] * 20, "a": [1, 4] * 20}
).assign(b=[2, 5] * 20, c=[3, 4] * 20, predicted="3", correct=[True, False] * 20)


def test_metrics_are_those_of_evaluate(finished):
    for run in TINY["runs"]:
        written = json.loads((finished / "metrics" / f"{run}.json").read_text())
        known = set(measures.of(measures.METRICS))
        optional = {name for name in known if name.startswith(("wrong_", "exact_match_", "met"))}
        assert known - optional <= set(written) <= known


def test_a_training_s_row():
    timing = dict.fromkeys(trainings.TIMING, 1)
    row = trainings.summary({"rows": 10, "exact_match": 0.5}, timing, HISTORY, reach=0.6)
    assert set(row) - set(table.MACHINE) == set(measures.of(measures.TRAININGS))
    assert (row["exact_match"], row["epochs_to_reach"], row["token_accuracy"]) == (0.5, 2, None)
    assert (row["unsteadiness"], row["clipped"]) == (HISTORY["valid_loss"].diff()[1:].std(), 0.25)
    assert trainings.summary({}, timing, HISTORY, reach=0.1)["epochs_to_reach"] == float("inf")


def test_rows_of_answers_and_of_shift():
    assert set(answers.shares(ROWS, pd.Series(1.0, ROWS.index))) == set(measures.of(measures.ANSWERS))
    row = shift.compare(ROWS, ROWS, "template") | shift.compare(ROWS, ROWS, "everything")
    assert set(row) == set(measures.of(measures.SHIFT))


def test_names_are_different_and_titles_fill():
    assert len(measures.BY_NAME) == len(measures.MEASURES)
    assert {measure.title.format(reach=0.6) for measure in measures.MEASURES} >= {"epochs to reach a loss of 0.6"}
