"""Results with damage inside: what `report` reads is right, or one line names the file and the column."""

import json
import shutil

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import ENDINGS, FOLDERS, ROOT, options, stage, study_of

from stages import files, studies, study_table
from stages.command import BadInput
from stages.page import inputs


@pytest.fixture
def lab(finished, tmp_path):
    """A copy of what the other stages left, and an earlier page."""
    for name in FOLDERS[:-1]:
        shutil.copytree(finished / name, tmp_path / name)
    shutil.copy(finished / "params.yaml", tmp_path)
    (tmp_path / "index.html").write_text("earlier")
    return tmp_path


def fails(lab, path, words):
    """`report` names the file, then says these words, all on one line, and leaves the earlier page alone."""
    folders = options({name: lab / name for name in FOLDERS})
    done = stage("report", lab / "params.yaml", ROOT / "studies.yaml", *folders, "--page", lab / "index.html")
    assert done.returncode == 1
    assert done.stderr.startswith(f"report: {path}: {words}"), done.stderr
    assert done.stderr.count("\n") == 1
    assert len(done.stderr) < 500
    assert (lab / "index.html").read_text() == "earlier"


def test_by_folder(lab):
    """One value of each folder that is wrong, through the stage itself; each is put right before the next one."""
    for folder, name, value, words in (
        ("metrics", "exact_match", 1.2, "exact_match: must be a share from 0 to 1 (found 1.2)"),
        ("timing", "threads", 1.5, "threads: must be a whole number, 1 or more (found 1.5)"),
        ("history", "valid_loss", "abc", "valid_loss, row 1: must be a number, 0 or more (found abc)"),
        ("predictions", "probability", 1.5, "probability, row 1: must be a share from 0 to 1 (found 1.5)"),
        ("products", "predicted", None, "predicted, row 1: must be text (found nothing)"),
    ):
        path = lab / folder / f"small-lstm{ENDINGS[folder]}"
        whole = path.read_bytes()
        change(path, name, value)
        fails(lab, path, words)
        path.write_bytes(whole)


def change(path, name, value):
    """The first value of a column becomes another one."""
    match path.suffix:
        case ".json":
            path.write_text(json.dumps(json.loads(path.read_text()) | {name: value}))
        case ".csv":
            table = pd.read_csv(path, dtype=str)
            table.loc[0, name] = value
            table.to_csv(path, index=False)
        case ".parquet":
            table = pq.read_table(path).to_pydict()
            table[name][0] = value
            pq.write_table(pa.table(table, files.PREDICTIONS), path)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -0.1, None])
def test_a_probability_is_a_share(value, finished, tmp_path):
    path = tmp_path / "answers.parquet"
    shutil.copy(finished / "predictions" / "small-lstm.parquet", path)
    change(path, "probability", value)
    with pytest.raises(BadInput, match=r"answers\.parquet: probability, row 1: must be a share from 0 to 1 \(found "):
        inputs.answers(path)


METRICS = {
    "rows": 6,
    "exact_match": 0.5,
    "loss": 0.3,
    "token_accuracy": 1,
    "position_accuracy": 0.0,
    "train_loss": 0.25,
    "train_token_accuracy": 0.9,
    "parameters": 100,
}


def test_json_that_is_right(tmp_path):
    path = tmp_path / "metrics.json"
    path.write_text("\ufeff" + json.dumps(METRICS), encoding="utf-8")  # as an editor may save it
    assert inputs.metrics(path).to_dict("records") == [METRICS]


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("exact_match", 1.0000001, "must be a share from 0 to 1 (found 1.0000001)"),
        ("exact_match", -0.1, "must be a share from 0 to 1 (found -0.1)"),
        ("exact_match", None, "must be a share from 0 to 1 (found nothing)"),
        ("exact_match", "0.5", "must be a share from 0 to 1 (found 0.5)"),
        ("exact_match", True, "must be a share from 0 to 1 (found true)"),
        ("exact_match", [0.5], "must be a share from 0 to 1 (found [0.5])"),
        ("exact_match", {"a": 1}, 'must be a share from 0 to 1 (found {"a": 1})'),
        ("exact_match", float("nan"), "must be a share from 0 to 1 (found NaN)"),
        ("loss", float("inf"), "must be a number, 0 or more (found Infinity)"),
        ("loss", -1, "must be a number, 0 or more (found -1)"),
        ("loss", "word\n" * 100, "must be a number, 0 or more (found word\\nword"),
        ("rows", 0, "must be a whole number, 1 or more (found 0)"),
        ("rows", 2.5, "must be a whole number, 1 or more (found 2.5)"),
        ("parameters", 10**400, "must be a whole number, 1 or more (found 1000"),
    ],
)
def test_a_value_of_json(name, value, words, tmp_path):
    path = tmp_path / "metrics.json"
    path.write_text(json.dumps(METRICS | {name: value}))
    with pytest.raises(BadInput) as error:
        inputs.metrics(path)
    assert str(error.value).startswith(f"{path}: {name}: {words}")
    assert len(str(error.value)) < len(str(path)) + 200


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[1]", "must hold keys and values (found [1])"),
        ("null", "must hold keys and values (found null)"),
        ("{}", "lacks exact_match, loss, parameters, position_accuracy, rows, token_accuracy, train_loss, "),
        ('{"loss": 1, "loss": 2}', "cannot be read (duplicate key among loss); `dvc repro` makes it"),
        ("", "cannot be read ("),
        ('{"loss": 1', "cannot be read ("),
        ("[" * 100_000, "cannot be read ("),
        ('{"loss": ' + "9" * 5000 + "}", "cannot be read ("),
        ('{"loss": 1}\0', "cannot be read ("),
    ],
)
def test_json_of_another_form(text, words, tmp_path):
    path = tmp_path / "metrics.json"
    path.write_text(text)
    with pytest.raises(BadInput) as error:
        inputs.metrics(path)
    assert str(error.value).startswith(f"{path}: {words}")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [("device", 5, "must be text (found 5)"), ("torch", "", "must be text (found )"), ("threads", None, "must be a w")],
)
def test_a_value_of_timing(name, value, words, finished, tmp_path):
    path = tmp_path / "timing.json"
    path.write_text(json.dumps(json.loads((finished / "timing" / "small-lstm.json").read_text()) | {name: value}))
    with pytest.raises(BadInput) as error:
        inputs.timing(path)
    assert str(error.value).startswith(f"{path}: {name}: {words}")


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


KEPT = {
    "history.csv": "epoch,valid_exact_match\n1,0.5\n2,0.75\n",
    "kinds.csv": "template,length,rows,right\na+b,1,4,3\n",
    "mistakes.csv": "src,tgt,predicted,template,probability\n1-3=,-2,,a-b,0.5\n",
    "held_out.csv": "src,tgt,predicted,template,probability\n1+2=,3,3,a+b,0.5\n",
    "rounding.json": '{"sha256": "00ff", "rows": 4, "changed": 0, "exact_match": 0.75}',
}


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("history.csv", KEPT["history.csv"].replace("2,", "3,"), "epoch, row 2: must be 2 (found 3)"),
        ("history.csv", "epoch,valid_exact_match\n", "has a header but no rows; `git checkout "),
        ("kinds.csv", KEPT["kinds.csv"].replace(",3", ",5"), "right, row 1: must be at most 4, its rows (found 5)"),
        ("kinds.csv", KEPT["kinds.csv"].replace("4", "four"), "rows: must be a whole number, 1 or more (found four)"),
        ("mistakes.csv", KEPT["mistakes.csv"].replace("-2", "-2.5"), "tgt: must be a whole number (found -2.5)"),
        (
            "mistakes.csv",
            KEPT["mistakes.csv"].replace("0.5", "5"),
            "probability: must be a share from 0 to 1 (found 5)",
        ),
        ("mistakes.csv", KEPT["mistakes.csv"].replace("a-b", ""), "template: must be text (found nothing)"),
        ("held_out.csv", KEPT["held_out.csv"].splitlines()[0] + "\n", "has a header but no rows; `git checkout "),
        ("rounding.json", KEPT["rounding.json"].replace("0.75", "1.5"), "exact_match: must be a share from 0 to 1"),
        ("rounding.json", KEPT["rounding.json"].replace('"00ff"', "7"), "sha256: must be text (found 7)"),
    ],
)
def test_what_a_study_kept(name, text, words, tmp_path):
    for one, content in KEPT.items():
        (tmp_path / one).write_text(content)
    assert inputs.whole(tmp_path)[2].to_dict("records") == [
        {"src": "1-3=", "tgt": -2, "predicted": "", "template": "a-b", "probability": 0.5}
    ]
    (tmp_path / name).write_text(text)
    with pytest.raises(BadInput) as error:
        inputs.whole(tmp_path)
    assert str(error.value).startswith(f"{tmp_path / name}: {words}")


def test_a_network_without_mistakes_has_a_header_alone(tmp_path):
    for name, content in KEPT.items():
        (tmp_path / name).write_text(content.splitlines()[0] + "\n" if name == "mistakes.csv" else content)
    assert inputs.whole(tmp_path)[2].empty


TRIALS = "point,status,lr,seed,rows,exact_match,loss,epochs_to_reach,threads\n"


def test_a_study_table_with_gaps(tmp_path):
    path = tmp_path / "small.csv"
    path.write_text(f"{TRIALS}lr=0.01 seed=1,done,0.01,1,,0.5,inf,inf,\nlr=0.001 seed=1,train: no,0.001,1,,,,,\n")
    found = study_table.read(path, study_of())
    assert found["loss"].tolist()[0] == float("inf")
    assert found.loc[1, ["rows", "exact_match", "loss", "threads"]].isna().all()


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("", "has a header but no rows; it is not a study's table"),
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
        ("lr=0.01 seed=1,done,0.01,1,5,0.5,1,2,1\n" * 2, "point: duplicate row lr=0.01 seed=1; keep one"),
        ("lr=0.01 seed=1,done,0.01,1,5,0.5\n", "row 1: must have 9 values (found 6)"),
    ],
)
def test_a_study_table_with_damage(row, words, tmp_path):
    path = tmp_path / "small.csv"
    path.write_text(TRIALS + row)
    with pytest.raises(BadInput) as error:
        study_table.read(path, study_of())
    assert str(error.value).startswith(f"{path}: {words}")


def test_every_committed_result_is_readable(head):
    """pandas alone finds as many rows."""
    reports = head / "reports"
    for name, entry in studies.read(head / "studies.yaml").items():
        path = reports / "studies" / f"{name}.csv"
        assert len(study_table.read(path, entry)) == len(pd.read_csv(path)), name
        if entry.keep:
            history, kinds, mistakes, held_out, rounding = inputs.whole(path.with_suffix(""))
            assert len(mistakes) == (kinds["rows"] - kinds["right"]).sum()
            assert rounding["rows"] == kinds["rows"].sum()
            assert rounding["exact_match"] == pytest.approx(kinds["right"].sum() / kinds["rows"].sum(), abs=1e-6)
            assert rounding["changed"] <= 5 * rounding["rows"] / 10_000
            assert len(held_out) == held_out["src"].nunique() == 1000
            assert len(history) == 10
    for path in (reports / "metrics").iterdir():
        assert inputs.metrics(path).notna().all(axis=None)
        assert inputs.timing(reports / "timing" / path.name).notna().all(axis=None)
        assert len(inputs.curve(reports / "history" / f"{path.stem}.csv", 25)) == 25
