"""A study's picture and table: what they name, what failed, and which rows are of other code."""

import numpy as np
import pandas as pd
import pytest
from conftest import COMPARISON, study_of

from stages.page import studies as study_figures
from stages.page import verdicts
from stages.page.verdicts import UNMEASURED
from stages.studies import table
from tests.study_rows import rows

CODE = "0123456789ab"  # the present code's hash


def test_a_study_of_which_nothing_is_measured_has_a_place_on_the_page():
    table = rows([(1, 0.9)], [], status="not measured: about 99 minutes").assign(loss=np.nan, point="p", epochs=np.nan)
    for keys in (["lr"], ["lr", "epochs"]):
        tried = study_of(by=keys), table
        assert study_figures.picture("small", tried, CODE).panels == []
        assert study_figures.figures("small", tried).rows == []


def test_what_was_not_measured_is_no_failure():
    table = rows([(1, 0.9)], [(1, 0.1)], status="not measured: about 99 minutes")
    assert verdicts.compare(study_of(), COMPARISON, table).verdict == UNMEASURED
    drawn = study_figures.picture("small", (study_of(show=["unsteadiness"]), table.assign(point="a point")), CODE)
    assert "Failed" not in drawn.caption
    assert drawn.caption.startswith("1 training. ")
    assert drawn.caption.endswith("0.01: not measured: about 99 minutes.")


def test_a_picture_has_every_measure_and_names_what_failed():
    table = rows(enumerate([0.9, 0.8, 1.0]), enumerate([0.1, 0.1, 0.2])).assign(loss=0.5, point="a point")
    table.loc[0, "status"] = "train: diverged"
    drawn = study_figures.picture("learning_rate", (study_of(show=["loss", "unsteadiness"]), table), CODE)
    assert len(drawn.panels) == 2
    assert drawn.caption.endswith("Failed: a point.")
    assert "6 trainings" in drawn.caption
    assert "commit" not in drawn.caption
    old = study_figures.picture("learning_rate", (study_of(code="1234567"), table), CODE)
    assert "Only the code of commit 1234567 can run all points" in old.caption
    assert "1 never" in {text.get_text() for text in drawn.panels[0].figure.axes[0].texts}


@pytest.mark.parametrize(
    ("made", "sentence"),
    [
        ([("1111111", CODE)] * 4, None),
        ([(None, None)] * 4, None),  # the page says it once
        ([("1111111", CODE)] * 3 + [(None, None)], "The code of 1 was not recorded."),
        ([("1111111", "other")] * 4, "The code has changed since (1111111)."),
        (
            [("1111111", CODE), ("2222222", "b"), ("3333333+", "c"), ("2222222", "b")],
            "The code has changed since 3 of these (2222222, 3333333+).",
        ),
        ([(None, "b")] * 4, "The code has changed since."),  # outside of git
        (
            [("1111111", CODE), ("1111111", CODE), ("2222222", "b"), (None, None)],
            "The code has changed since 1 of these (2222222). The code of 1 was not recorded.",
        ),
    ],
)
def test_a_study_whose_code_has_changed_is_marked(made, sentence):
    table = rows(enumerate([0.9, 0.8]), enumerate([0.1, 0.1])).assign(loss=0.5, point="p")
    table[list(table.ORIGIN)] = made
    left = table.iloc[:1].assign(status="not measured: about 99 minutes", code="other", commit="9999999")  # no result
    caption = study_figures.picture("small", (study_of(), pd.concat([table, left])), CODE).caption
    assert (f" {sentence}" in caption) == (sentence is not None), caption
    assert caption.count("code") == (sentence or "").count("code")
    old = study_figures.picture("small", (study_of(code="1234567"), table), CODE).caption
    assert old.count("code") == 1  # "Only the code of commit …" says it


def test_two_keys_of_which_the_first_is_a_number_are_curves():
    made_of = {
        "lr": [1, 2, 4, 1, 2],
        "cell": ["lstm"] * 3 + ["gru"] * 2,
        "loss": [0.1, 0.2, 0.3, 0.4, 0.5],
        "status": "done",
        "rows": np.nan,
    }
    points = [{"lr": [0.01, 0.001], "cell": "lstm", "seed": 1}]
    table = pd.DataFrame(made_of | {"unsteadiness": 1.0, "point": "p", "commit": "1234567", "code": CODE})
    drawn = study_figures.picture("x", (study_of(points=points, by=["lr", "cell"]), table), CODE)
    lines = {line.get_label(): line.get_xydata().tolist() for line in drawn.panels[0].figure.axes[0].lines}
    assert lines["cell lstm"] == [[1, 0.1], [2, 0.2], [4, 0.3]]
    assert lines["cell gru"] == [[1, 0.4], [2, 0.5]]


def test_labels_that_would_touch_are_left_out():
    assert study_figures._apart([5000, 20288, 20566, 21075, 80000]) == [5000, 20288, 80000]
    assert study_figures._apart([64, 256, 1024]) == [64, 256, 1024]
    assert study_figures._apart([7]) == [7]


def test_the_figures_are_means_with_their_spread():
    table = rows(enumerate([0.8, 1.0]), [(1, 0.25)]).assign(point="p")
    found = study_figures.figures("small", (study_of(show=["unsteadiness"]), table))
    assert found.heads == ["lr", "networks", "unsteadiness of the loss"]
    assert [[cell.text for cell in row] for row in found.rows] == [["0.01", "2", "0.9 ± 0.14"], ["0.001", "1", "0.25"]]
    assert [[cell.key for cell in row[1:]] for row in found.rows] == [[2, pytest.approx(0.9)], [1, 0.25]]
