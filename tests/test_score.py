"""The score of an external table; and a network that gives NaN, which `score` and `evaluate` refuse."""

import re

import pandas as pd
import pytest
import torch
from conftest import EVALUATED, options, samples, stage, write_params

from stages import evaluate
from stages import score as score_stage
from stages.network import weights
from stages.network.seq2seq import Seq2Seq


@pytest.fixture
def lab(tmp_path):
    """A params.yaml, and a network for operands 0..11."""
    write_params(tmp_path / "params.yaml")
    history = [{"train_loss": 1.0, "train_token_accuracy": 0.5}]
    weights.save(tmp_path / "model", weights.Trained("small-lstm", Seq2Seq("lstm", 8, 8, 1), 12, history))
    return tmp_path


def score(lab, name, content=None):
    if content is not None:
        (lab / name).write_text(content)
    done = stage("score", lab / "model", lab / name)
    assert "\x1b" not in done.stdout + done.stderr
    assert all(len(line) < len(str(lab)) + 250 for line in (done.stdout + done.stderr).splitlines())
    return done


def test_ten_bad_rows_are_named_and_the_others_counted(lab):
    done = score(lab, "mine.csv", "src,tgt\n3+4=,7\n" + "\x1b[2J,1\n" * 1234 + "7-9=,-2\n")
    said = r"'\x1b[2J': position 1: expected a number or '(', found '\x1b'"
    lines = done.stdout.splitlines()
    assert lines[:10] == [f"{lab / 'mine.csv'}: row {number}: {said}" for number in range(2, 12)]
    assert lines[10] == f"{lab / 'mine.csv'}: … and 1,224 more"
    assert re.fullmatch(r"exact match [01].\d{6} of 2 rows; bad rows skipped: 1,234", lines[11])
    assert [line.split()[0] for line in lines[13:]] == ["a+b", "a-b"]
    assert (done.returncode, done.stderr) == (0, "")


def test_rows_that_the_network_never_saw_are_counted(lab):
    done = score(lab, "mine.jsonl", "".join(f'{{"src": "{src}", "tgt": {eval(src)}}}\n' for src in UNSEEN))
    assert done.stdout.splitlines()[0] == (
        "the network never saw an operand above 11 (rows: 2), an expression of this shape (rows: 1)"
    )
    assert " of 4 rows; bad rows skipped: 0" in done.stdout


@pytest.mark.parametrize("name", ["mine.csv", "mine.tsv", "mine.jsonl", "mine.parquet", "mine.feather", "mine.csv.gz"])
def test_blanks_change_no_score(name, lab):
    """Also the padded columns that a database writes."""
    plain, spaced = lab / f"plain-{name}", lab / name
    for path, rows in {
        plain: {"11*(3+4)=": 77, "7-9=": -2, "12+1=": 13},
        spaced: {" 11 * (3 + 4) =": 77, "7\u00a0- 9".ljust(300): -2, "12 + 1": 13},
    }.items():
        frame = pd.DataFrame({"src": rows.keys(), "tgt": rows.values()})
        write = {".csv": frame.to_csv, ".tsv": frame.to_csv, ".gz": frame.to_csv, ".jsonl": frame.to_json}
        how = {"orient": "records", "lines": True} if name.endswith("jsonl") else {"index": False}
        match path.suffix:
            case ".parquet":
                frame.to_parquet(path)
            case ".feather":
                frame.to_feather(path)
            case ending:
                write[ending](path, **how)
    known, found = (score(lab, path.name).stdout.splitlines() for path in (plain, spaced))
    assert found[0] == "the network never saw an operand above 11 (rows: 1)"
    assert [line for line in found if "rows/s" not in line] == [line for line in known if "rows/s" not in line]
    assert [line.split()[0] for line in found[-3:]] == ["a+b", "a-b", "a*(b+c)"]


UNSEEN = ["12+1", "11+1", "1+2+3+4", "99*99"]


@pytest.mark.parametrize("name", ["mine.parquet", "mine.feather"])
def test_a_table_longer_than_is_in_memory_at_a_time(name, lab, monkeypatch):
    """The scores do not depend on how many rows are in memory at a time."""
    sums = [(f"{a}{sign}{b}=", a + b if sign == "+" else a - b) for a in range(12) for b in range(12) for sign in "+-"]
    frame = pd.DataFrame([*sums, ("1+1=", 3)], columns=["src", "tgt"])
    frame.to_parquet(lab / name) if name.endswith("parquet") else frame.to_feather(lab / name)
    whole = score(lab, name).stdout.splitlines()
    monkeypatch.setattr(score_stage, "PART", 7)
    parts = score(lab, name).stdout.splitlines()
    assert [line for line in whole if "rows/s" not in line] == [line for line in parts if "rows/s" not in line]
    assert [line.rpartition(" ")[2] for line in whole[-2:]] == ["144", "144"]
    assert whole[0].endswith("row 289: '1+1=' is 2, not 3")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("src,tgt\n", "no row can be scored; the table is empty"),
        ("src,tgt\n1+1=,3\n1+1=,4\n", "no row can be scored; row 1: '1+1=' is 2, not 3"),
        (
            "src,tgt\n\x1b[2J" + "x" * 10**6 + ",3\n",
            r"no row can be scored; row 1: '\x1b[2Jxxxxxxxxxxxx…': position 201",
        ),
        ("src\n", "no column tgt; it has src"),
    ],
)
def test_a_table_without_a_good_row_is_one_line(content, words, lab):
    done = score(lab, "mine.csv", content)
    assert done.stderr.startswith(f"score: {lab / 'mine.csv'}: {words}")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)


@pytest.fixture
def broken(lab):
    """The lab with a network that gives NaN for every character."""
    trained = weights.load(lab / "model")
    with torch.no_grad():
        trained.model.head[2].bias[3] = torch.nan
    weights.save(lab / "model", trained)
    return lab


def test_a_network_that_gives_nan_scores_nothing(broken):
    done = score(broken, "mine.csv", "src,tgt\n3+4=,7\n3+4=,8\n")
    assert done.stderr == (
        f"score: {broken / 'model'}: its probability of an answer to {broken / 'mine.csv'} is nan; "
        "train it again with a smaller lr\n"
    )
    assert (done.returncode, done.stdout) == (1, "")


OUTPUTS = ["predictions.parquet", "products.parquet", "metrics.json", "history.csv", "plots.csv"]


def evaluated(folder, finished):
    """`evaluate` with the model in the folder, where its outputs go too."""
    train, rows = samples(finished, "small")
    outputs = dict(zip(EVALUATED, [train, *(folder / name for name in OUTPUTS)], strict=True))
    return stage("evaluate", folder / "params.yaml", folder / "model", rows, *options(outputs))


def test_a_network_that_gives_nan_leaves_no_results(broken, finished):
    done, rows = evaluated(broken, finished), samples(finished, "small")[1]
    assert done.stderr.startswith(f"evaluate: {broken / 'model'}: its loss on {rows} is nan; ")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert not any((broken / name).exists() for name in OUTPUTS)


def test_a_network_that_gives_nan_for_some_products_leaves_no_results(lab, finished, monkeypatch):
    """The loss on the held-out rows is a number, so it does not show this."""
    real = evaluate.scores.answer

    def answer(trained, rows, *ids):
        table, decoded = real(trained, rows, *ids)
        if len(rows) == 12 * 12:
            column = [*table["probability"].to_pylist()[:-1], float("nan")]
            table = table.set_column(table.schema.get_field_index("probability"), "probability", [column])
        return table, decoded

    monkeypatch.setattr(evaluate.scores, "answer", answer)
    done = evaluated(lab, finished)
    assert done.stderr == (
        f"evaluate: {lab / 'model'}: its probability of an answer to a*b is nan; train it again with a smaller lr\n"
    )
    assert (done.returncode, [name for name in OUTPUTS if (lab / name).exists()]) == (1, [])


def test_the_score_of_any_table(finished, tmp_path):
    """The held-out rows as CSV, with one bad row added: exact match equals that of the run's metrics."""
    valid = pd.read_parquet(samples(finished, "small")[1])[["src", "tgt"]]
    path = tmp_path / "mine.csv"
    pd.concat([valid, pd.DataFrame({"src": ["1+1="], "tgt": [3]})]).to_csv(path, index=False)
    done = stage("score", finished / "models" / "small-lstm.safetensors", path)
    assert done.returncode == 0, done.stderr
    right = pd.read_parquet(finished / "predictions" / "small-lstm.parquet")["correct"]
    lines = done.stdout.splitlines()
    assert lines[0] == f"{path}: row {len(valid) + 1}: '1+1=' is 2, not 3"
    assert lines[1] == f"exact match {right.mean():.6f} of {len(valid):,} rows; bad rows skipped: 1"
    assert lines[2].endswith(" rows/s")
    assert sum(int(line.rpartition(" ")[2]) for line in lines[3:]) == len(valid)


def test_some_outputs_and_not_all(finished):
    done = stage("evaluate", finished / "params.yaml", "model", "rows", "--predictions", "predictions")
    assert done.returncode == 2
    assert "required: --train, --products, --metrics, --history, --plots" in done.stderr
