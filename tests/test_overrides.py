"""A point of a study as a run of params.yaml with -S overrides."""

from dataclasses import replace

import pytest
from conftest import ROOT
from stages.lab.dvc import overrides, run, trained_rows

from stages.common import params

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
        ({"dataset": "two_digit", "split": "operands"}, "two_digit-lstm", ["datasets.two_digit.split=operands"]),
        ({"split": "rows"}, "full-lstm", []),
        ({"dataset": "full", "cell": "lstm", "epochs": 3}, "full-lstm", ["epochs=3"]),
        ({"dataset": "single_digit", "sample": "all"}, "single_digit-lstm", []),
    ],
)
def test_a_point_is_a_run_with_overrides(point, name, words):
    assert run("full-lstm", point, CONFIG)[0] == name
    assert overrides("full-lstm", point, CONFIG) == words


def test_a_number_that_a_run_overrides_is_changed_in_the_run():
    config = replace(CONFIG, runs=CONFIG.runs | {"own": replace(CONFIG.runs["full-lstm"], lr=0.01)})
    assert overrides("own", {"lr": 0.01}, config) == []
    assert overrides("own", {"lr": 0.001}, config) == ["runs.own.lr=0.001"]
    assert overrides("own", {"epochs": 3}, config) == ["epochs=3"]


def test_how_many_rows_a_point_trains_on():
    assert trained_rows("full-lstm", {"sample": 5000}, CONFIG, 10**6) == 4500
    assert trained_rows("full-lstm", {"sample": "all", "valid_share": 0.5}, CONFIG, 10**6) == 500_000
    assert trained_rows("full-lstm", {}, CONFIG, 10**6) == pytest.approx(0.9 * 20566)
