"""The curves that a study keeps of its trainings."""

import pandas as pd
import pytest
from conftest import study_of

from stages.common.messages import BadInput
from stages.lab import curves
from stages.page import inputs


def history(loss):
    epochs = range(1, len(loss) + 1)
    shares = {"valid_token_accuracy": 0.5, "valid_exact_match": 0.25, "train_loss": 9.0}
    return pd.DataFrame({"epoch": epochs, "valid_loss": loss, **shares})


def test_curves_stand_in_the_order_of_the_points_and_a_new_one_replaces_the_old(tmp_path):
    entry = study_of(points=[{"lr": [0.01, 0.001]}])
    path = tmp_path / "study" / curves.FILE
    for lr, loss in ((0.001, [2.0, 1.0]), (0.01, [3.0, 2.5]), (0.001, [1.5, 0.5])):
        curves.add(path, entry, {"lr": lr}, history(loss))
    assert path.read_text().splitlines() == [
        "point,epoch,valid_loss,valid_token_accuracy,valid_exact_match",
        "lr=0.01,1,3,0.5,0.25",
        "lr=0.01,2,2.5,0.5,0.25",
        "lr=0.001,1,1.5,0.5,0.25",
        "lr=0.001,2,0.5,0.5,0.25",
    ]


def test_the_curve_of_a_point_that_the_study_no_longer_has_goes(tmp_path):
    path = tmp_path / curves.FILE
    curves.add(path, study_of(points=[{"lr": [0.1, 0.01, 0.001]}]), {"lr": 0.1}, history([1.0]))
    curves.add(path, study_of(points=[{"lr": [0.01, 0.001]}]), {"lr": 0.001}, history([2.0]))
    assert pd.read_csv(path)["point"].tolist() == ["lr=0.001"]


def test_the_page_reads_the_curves_and_checks_them(tmp_path):
    path = tmp_path / curves.FILE
    assert inputs.seed_curves(path) is None
    curves.add(path, study_of(points=[{"lr": [0.01, 0.001]}]), {"lr": 0.01}, history([2.0, 1.0]))
    assert inputs.seed_curves(path)["valid_loss"].tolist() == [2.0, 1.0]
    path.write_text(path.read_text().replace("0.25", "1.25", 1))
    with pytest.raises(BadInput, match="valid_exact_match, row 1: must be a share from 0 to 1 "):
        inputs.seed_curves(path)
