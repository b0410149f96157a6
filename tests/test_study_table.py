"""The table of a study: its values are checked as they are read, and old rows stay readable."""

import pytest
from conftest import study_of

from stages import study_table
from stages.command import BadInput

TRIALS = "point,status,lr,seed,rows,exact_match,loss,epochs_to_reach,threads\n"


def test_a_study_table_with_gaps(tmp_path):
    path = tmp_path / "small.csv"
    path.write_text(f"{TRIALS}lr=0.01 seed=1,done,0.01,1,,0.5,inf,inf,\nlr=0.001 seed=1,train: no,0.001,1,,,,,\n")
    table = study_table.read(path, study_of())
    assert table["loss"].tolist()[0] == float("inf")
    assert table.loc[1, ["rows", "exact_match", "loss", "threads"]].isna().all()


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("", "has a header and no rows; it is not a study's table"),
        ("lr=0.01 seed=1,done,0.01,1,5,1.5,1,2,1\n", "exact_match: must be a share from 0 to 1 (found 1.5)"),
        ("lr=0.01 seed=1,done,0.01,1,5,inf,1,2,1\n", "exact_match: must be a share from 0 to 1 (found "),
        ("lr=0.01 seed=1,done,0.01,1,5,0.5,low,2,1\n", "loss: must be a number, 0 or more, or inf (found low)"),
        ("lr=0.01 seed=1,done,0.01,1,many,0.5,1,2,1\n", "rows: must be a whole number, 1 or more (found many)"),
        (
            "lr=0.01 seed=1,done,0.01,1,5,0.5,1,-2,1\n",
            "epochs_to_reach: must be a number, 0 or more, or inf (found -2)",
        ),
        ("lr=0.01 seed=1,,0.01,1,5,0.5,1,2,1\n", "status: must be text (found nothing)"),
        ("lr=0.01 seed=1,done,0.02,1,5,0.5,1,2,1\n", "lr, row 1: must be 0.01 (found 0.02)"),
        ("lr=0.01 seed=1,done,0.01,one,5,0.5,1,2,1\n", "seed, row 1: must be 1 (found one)"),
        ("lr=0.01 seed=1,done,0.01,1,5,0.5,1,2,1\n" * 2, "point: must be one row (found two of lr=0.01 seed=1)"),
        ("lr=0.01 seed=1,done,0.01,1,5,0.5\n", "row 1: must have 9 values (found 6)"),
    ],
)
def test_a_study_table_with_damage(row, words, tmp_path):
    path = tmp_path / "small.csv"
    path.write_text(TRIALS + row)
    with pytest.raises(BadInput) as error:
        study_table.read(path, study_of())
    assert str(error.value).startswith(f"{path}: {words}")
