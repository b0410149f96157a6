"""Somebody else's table: which rows can be scored, what is wrong with the others, and the score itself."""

import re
from decimal import Decimal

import pandas as pd
import pytest
import torch
from conftest import EVALUATED, options, samples, stage, write_params

from stages import evaluate, foreign
from stages import score as score_stage
from stages.command import BadInput
from stages.network import weights
from stages.network.seq2seq import Seq2Seq

ROWS = {
    "12*(3+4)=": "84",
    "3+4=": "8",
    "1+=": "3",
    "5*5": "25",
    "1*2*3*4=": "24",
    "7-9=": "-2",
    "7-8=": "minus one",
    "(1+2)+3=": "6",
    "99999999999*99999999999=": "9999999999800000000001",
}


@pytest.fixture(params=["csv", "parquet"])
def table(request, tmp_path):
    path = tmp_path / f"mine.{request.param}"
    rows = pd.DataFrame({"src": ROWS.keys(), "tgt": ROWS.values(), "note": 1})
    rows.to_csv(path, index=False) if request.param == "csv" else rows.to_parquet(path)
    return path


def test_good_rows_have_a_value_and_bad_ones_a_reason(table):
    rows = list(foreign.read(table))
    assert [row[:2] for row in rows if not row.wrong] == [
        ("12*(3+4)=", 84),
        ("5*5=", 25),
        ("1*2*3*4=", 24),
        ("7-9=", -2),
        ("(1+2)+3=", 6),
    ]
    assert [row.wrong for row in rows if row.wrong] == [
        "row 2: '3+4=' is 7, not 8",
        "row 3: '1+=': position 3: expected a number or '(', found '='",
        "row 7: '7-8=' is -1, not minus one",
        "row 9: the value of '99999999999*99999999999=' is too large to be scored",
    ]


@pytest.mark.parametrize(
    ("src", "template"),
    [("12*(3+4)=", "a*(b+c)"), ("7-9=", "a-b"), ("1*2*3*4=", "other"), ("(1+2)+3=", "other"), ("5=", "other")],
)
def test_template(src, template):
    assert foreign.template(src) == template


def test_numbers_of_a_parquet_file_are_numbers(tmp_path):
    pd.DataFrame({"src": ["7-9=", "1+1="], "tgt": [-2, 2]}).to_parquet(tmp_path / "mine.parquet")
    assert [tuple(row) for row in foreign.read(tmp_path / "mine.parquet")] == [("7-9=", -2, None), ("1+1=", 2, None)]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("84", "84"),
        ("+84", "84"),
        ("084", "84"),
        ("84.", "84"),
        ("84.0", "84"),
        ("84.000000", "84"),
        ("84,0", "84"),
        ("8.4e1", "84"),
        ("840E-1", "84"),
        ("1e+02", "100"),
        ("1,200", "1200"),
        ("1 200", "1200"),
        ("1\u00a0200", "1200"),
        ("1\u202f200", "1200"),
        ("1'200.00", "1200"),
        ("-117,649", "-117649"),
        ("1.200", "1.2"),
        ("\u22122", "-2"),
        ("\uff18\uff14", "84"),
        ("-2.5", "-2.5"),
        ("-0.0", "0"),
        ("1e9999", "1e9999"),
        ("0." + "0" * 150 + "1", "1e-151"),
    ],
)
def test_numbers_as_people_write_them(text, number):
    assert foreign.number(text) == Decimal(number)


@pytest.mark.parametrize(
    "text",
    [
        *("", "nan", "NaN", "inf", "sNaN", "True", "2020-01-02", "0x54", "8_4", "84%", "one", "84=", "7\n7"),
        *("1,2,3", "12,34,567", "84 .0", "- 2", "--2", ".", "e1", "1e99999", "8" * 201, "\u00b2", "\u216b"),
    ],
)
def test_what_is_no_number(text):
    assert foreign.number(text) is None


@pytest.mark.parametrize(
    ("src", "tgt", "wrong"),
    [
        (None, "7", "src is empty"),
        (" ", "7", "src is empty"),
        ("3+4=", None, "tgt of '3+4=' is empty"),
        ("3+4=", "\n", "tgt of '3+4=' is empty"),
        ("7-9", "-2.5", "'7-9' is -2, not -2.5"),
        ("3+4", "nan", "'3+4' is 7, not nan"),
        ("1+0", "True", "'1+0' is 1, not True"),
        ("3 + 4", "8", "'3+4' is 7, not 8"),
        (" 3 + 4 5", "48", "' 3 + 4 5': position 8: expected an operator, '=' or the end, found '5'"),
        ("7\u22129", "-2", "'7\u22129': position 2: expected an operator, '=' or the end, found '\u2212'"),
        ("\x1b[2J", "7", r"'\x1b[2J': position 1: expected a number or '(', found '\x1b'"),
        ("3+4", "\x1b[2J", r"'3+4' is 7, not \x1b[2J"),
        ("\ud800", "7", r"'\ud800': position 1: expected a number or '(', found '\ud800'"),
        ("3+4", "9" * 10**7, "'3+4' is 7, not 9999999999999999999…"),
        ("1" * 10**7, "7", "'1111111111111111111…': position 201: expected the end, for at most 200 are read"),
        ("1+" * 90 + "1", "7", "'" + "1+" * 29 + "1…' is 91, not 7"),
        ("9" * 200, "7", "the value of '" + "9" * 59 + "…' is too large to be scored"),
    ],
)
def test_what_is_wrong_with_a_row(src, tgt, wrong):
    with pytest.raises(BadInput) as error:
        foreign.judge(src, tgt)
    assert str(error.value) == wrong


@pytest.mark.parametrize(
    ("src", "tgt"), [(" 3+4 ", " 7\n"), ("\u00a03+4=\r\n", "7.0"), ("3 +\t4\u00a0=", "7"), ("3+4", "7")]
)
def test_blanks_and_a_missing_mark_are_no_fault(src, tgt):
    assert foreign.judge(src, tgt) == ("3+4=", 7, None)


@pytest.fixture
def lab(tmp_path):
    """A params.yaml, and a network of operands 0..11."""
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
    assert re.fullmatch(r"exact match [01].\d{6} of 2 rows; bad rows, left out: 1,234", lines[11])
    assert [line.split()[0] for line in lines[13:]] == ["a+b", "a-b"]
    assert (done.returncode, done.stderr) == (0, "")


def test_rows_that_the_network_never_saw_are_counted(lab):
    done = score(lab, "mine.jsonl", "".join(f'{{"src": "{src}", "tgt": {eval(src)}}}\n' for src in UNSEEN))
    assert done.stdout.splitlines()[0] == (
        "the network never saw an operand above 11 (rows: 2), an expression of this shape (rows: 1)"
    )
    assert " of 4 rows; bad rows, left out: 0" in done.stdout


@pytest.mark.parametrize("name", ["mine.csv", "mine.tsv", "mine.jsonl", "mine.parquet", "mine.feather", "mine.csv.gz"])
def test_blanks_change_no_score(name, lab):
    """Fixed-width columns of a database too, which are padded."""
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
    """By template: exact match of the whole is that of the parts, whose sizes do not matter."""
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
        ("src,tgt\n", "no row can be scored; it has none"),
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
    """Its network says NaN for every character."""
    trained = weights.load(lab / "model")
    with torch.no_grad():
        trained.model.head[2].bias[3] = torch.nan
    weights.save(lab / "model", trained)
    return lab


def test_a_network_that_says_nan_scores_nothing(broken):
    done = score(broken, "mine.csv", "src,tgt\n3+4=,7\n3+4=,8\n")
    assert done.stderr == (
        f"score: {broken / 'model'}: its probability of an answer to {broken / 'mine.csv'} is nan; "
        "train it again with a smaller lr\n"
    )
    assert (done.returncode, done.stdout) == (1, "")


OUTPUTS = ["predictions.parquet", "products.parquet", "metrics.json", "history.csv", "plots.csv"]


def test_a_network_that_says_nan_leaves_no_results(broken, finished):
    rows = samples(finished, "small")[1]
    done = stage(
        "evaluate",
        broken / "params.yaml",
        broken / "model",
        rows,
        *options({kind: broken / name for kind, name in zip(EVALUATED, OUTPUTS, strict=True)}),
    )
    assert done.stderr.startswith(f"evaluate: {broken / 'model'}: its loss on {rows} is nan; ")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert not any((broken / name).exists() for name in OUTPUTS)


def test_a_network_that_says_nan_to_some_products_only_leaves_no_results(lab, finished, monkeypatch):
    """A loss that is a number does not show it."""
    real = evaluate.answer

    def answer(trained, rows, *ids):
        table, decoded = real(trained, rows, *ids)
        if len(rows) == 12 * 12:
            column = [*table["probability"].to_pylist()[:-1], float("nan")]
            table = table.set_column(table.schema.get_field_index("probability"), "probability", [column])
        return table, decoded

    monkeypatch.setattr(evaluate, "answer", answer)
    rows = samples(finished, "small")[1]
    done = stage(
        "evaluate",
        lab / "params.yaml",
        lab / "model",
        rows,
        *options({kind: lab / name for kind, name in zip(EVALUATED, OUTPUTS, strict=True)}),
    )
    assert done.stderr == (
        f"evaluate: {lab / 'model'}: its probability of an answer to a*b is nan; train it again with a smaller lr\n"
    )
    assert (done.returncode, [name for name in OUTPUTS if (lab / name).exists()]) == (1, [])


def test_the_score_of_any_table(finished, tmp_path):
    """The validation rows as CSV with one bad row more: the share is that of the run's own metrics."""
    valid = pd.read_parquet(samples(finished, "small")[1])[["src", "tgt"]]
    path = tmp_path / "mine.csv"
    pd.concat([valid, pd.DataFrame({"src": ["1+1="], "tgt": [3]})]).to_csv(path, index=False)
    done = stage("score", finished / "models" / "small-lstm.safetensors", path)
    assert done.returncode == 0, done.stderr
    right = pd.read_parquet(finished / "predictions" / "small-lstm.parquet")["correct"]
    lines = done.stdout.splitlines()
    assert lines[0] == f"{path}: row {len(valid) + 1}: '1+1=' is 2, not 3"
    assert lines[1] == f"exact match {right.mean():.6f} of {len(valid):,} rows; bad rows, left out: 1"
    assert lines[2].endswith(" rows/s")
    assert sum(int(line.rpartition(" ")[2]) for line in lines[3:]) == len(valid)


def test_some_outputs_and_not_all(finished):
    done = stage("evaluate", finished / "params.yaml", "model", "rows", "--predictions", "predictions")
    assert done.returncode == 2
    assert "required: --products, --metrics, --history, --plots" in done.stderr
