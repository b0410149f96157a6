"""Metrics, timing and answers that the report reads: accepted, or refused in one line with the file and column."""

import json
import shutil

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import ENDINGS, FOLDERS, ROOT, options, stage

from stages import files
from stages.command import BadInput
from stages.page import inputs


@pytest.fixture
def lab(finished, tmp_path):
    """A copy of what the other stages wrote, and an earlier page."""
    for name in FOLDERS[:-1]:
        shutil.copytree(finished / name, tmp_path / name)
    shutil.copy(finished / "params.yaml", tmp_path)
    (tmp_path / "index.html").write_text("earlier")
    return tmp_path


def assert_report_refuses(lab, path, words):
    """`report` names the file and says these words in one line, and the earlier page stays."""
    folders = options({name: lab / name for name in FOLDERS})
    done = stage("report", lab / "params.yaml", ROOT / "studies.yaml", *folders, "--page", lab / "index.html")
    assert done.returncode == 1
    assert done.stderr.startswith(f"report: {path}: {words}"), done.stderr
    assert done.stderr.count("\n") == 1
    assert len(done.stderr) < 500
    assert (lab / "index.html").read_text() == "earlier"


def test_by_folder(lab):
    """One wrong value in each folder, refused by the stage itself; each file is restored before the next."""
    for folder, name, value, words in (
        ("metrics", "exact_match", 1.2, "exact_match: must be a share from 0 to 1 (found 1.2)"),
        ("timing", "threads", 1.5, "threads: must be a whole number, 1 or more (found 1.5)"),
        ("history", "valid_loss", "abc", "valid_loss, row 1: must be a number, 0 or more (found abc)"),
        ("predictions", "probability", 1.5, "probability, row 1: must be a share from 0 to 1 (found 1.5)"),
        ("products", "predicted", None, "predicted, row 1: must be text (found nothing)"),
    ):
        path = lab / folder / f"small-lstm{ENDINGS[folder]}"
        whole = path.read_bytes()
        replace_first_value(path, name, value)
        assert_report_refuses(lab, path, words)
        path.write_bytes(whole)


def replace_first_value(path, name, value):
    """Replace the first value of a column."""
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
    replace_first_value(path, "probability", value)
    with pytest.raises(BadInput, match=r"answers\.parquet: probability, row 1: must be a share from 0 to 1 \(found "):
        inputs.answers(path)


METRICS = dict.fromkeys(inputs.METRICS, 0.5) | {
    "rows": 6,
    "exact_match": 0.5,
    "loss": 0.3,
    "token_accuracy": 1,
    "position_accuracy": 0.0,
    "train_loss": 0.25,
    "train_token_accuracy": 0.9,
    "parameters": 100,
}

REQUIRED = ", ".join(sorted(name for name, column in inputs.METRICS.items() if not column.gaps))


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
        ("{}", f"lacks {REQUIRED}; `dvc repro` makes it"),
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
