"""Per-epoch curves that the report reads, `reports/history/RUN.csv`: accepted, or refused in one line."""

import pytest

from stages.common.messages import BadInput
from stages.page import inputs

HEADER = "epoch,train_loss,train_token_accuracy,valid_loss,valid_token_accuracy,valid_exact_match\n"
ROWS = ["1,2.5,0.25,2.25,0.5,0\n", "2,1.5,0.5,1e-05,0.75,1\n"]


def test_a_curve_that_is_right(tmp_path):
    path = tmp_path / "curve.csv"
    path.write_text("\ufeff" + HEADER + "".join(ROWS), encoding="utf-8")
    assert inputs.curve(path, 2)["valid_loss"].tolist() == [2.25, 1e-05]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "cannot be read (it is empty); `dvc repro` makes it"),
        (HEADER, "has a header but no rows; `dvc repro` makes it"),
        (HEADER + ROWS[0], "must have a row for each of 2 epochs (found 1)"),
        (HEADER + ROWS[1], "must have a row for each of 2 epochs (found 1)"),
        (HEADER + ROWS[1] + ROWS[0], "epoch, row 1: must be 1 (found 2)"),
        (HEADER + ROWS[0] * 2, "epoch, row 2: must be 2 (found 1)"),
        (HEADER + ROWS[0] + ROWS[1].replace("2,", "2.5,", 1), "epoch, row 2: must be a whole number, 1 or more"),
        (HEADER + ROWS[0] + "2,1.5\n", "row 2: must have 6 values (found 2)"),
        (HEADER + ROWS[0] + ROWS[1].replace("\n", ",7\n"), "row 2: must have 6 values (found 7)"),
        (HEADER + "".join(row.replace("\n", ",7\n") for row in ROWS), "row 1: must have 6 values (found 7)"),
        (HEADER.replace("valid_loss", "train_loss") + "".join(ROWS), "lacks valid_loss; `dvc repro` makes it"),
        (HEADER.replace("\n", ",epoch\n") + "".join(ROWS), "epoch: duplicate column; `dvc repro` makes it"),
        (HEADER + ROWS[0] + "2,\0,0.5,1,0.75,1\n", "cannot be read (it has NUL bytes)"),
        (HEADER + '"1,2', "cannot be read ("),
    ],
)
def test_a_curve_with_damage(text, words, tmp_path):
    path = tmp_path / "curve.csv"
    path.write_text(text)
    with pytest.raises(BadInput) as error:
        inputs.curve(path, 2)
    assert str(error.value).startswith(f"{path}: {words}")


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        ("one", "one"),
        ("", "nothing"),
        ("nan", "nan"),
        ("null", "null"),
        ("inf", "Infinity"),
        ("-1", "-1"),
        ("1_5", "1_5"),
        ("0x1", "0x1"),
        ("x\x1b[2J" * 99, "x\\x1b[2Jx"),
    ],
)
def test_a_value_of_a_curve(cell, found, tmp_path):
    path = tmp_path / "curve.csv"
    path.write_text(HEADER + ROWS[0] + ROWS[1].replace("1.5", cell))
    with pytest.raises(BadInput) as error:
        inputs.curve(path, 2)
    assert str(error.value).startswith(f"{path}: train_loss, row 2: must be a number, 0 or more (found {found}")
    assert len(str(error.value)) < len(str(path)) + 200


def test_a_share_of_a_curve(tmp_path):
    path = tmp_path / "curve.csv"
    path.write_text(HEADER + ROWS[0] + ROWS[1].replace("0.75", "1.75"))
    with pytest.raises(BadInput, match=r"valid_token_accuracy, row 2: must be a share from 0 to 1 \(found 1\.75\)"):
        inputs.curve(path, 2)


def test_a_curve_in_another_encoding(tmp_path):
    path = tmp_path / "curve.csv"
    path.write_bytes((HEADER + "".join(ROWS)).encode("utf-16"))
    with pytest.raises(BadInput, match=r"curve\.csv: cannot be read \('utf-8' codec"):
        inputs.curve(path, 2)
