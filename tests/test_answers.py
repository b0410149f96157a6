"""Studies of answers: which rows a trained network is asked, with which weights, and what is counted."""

import sys

import pandas as pd
import pyarrow.parquet as pq
import pytest
from conftest import samples, stage

from stages.lab import answers


def answer_table(rows):
    """(template, tgt, predicted) rows as a table of answers."""
    answered = pd.DataFrame(rows, columns=["template", "tgt", "predicted"])
    return answered.assign(correct=answered["tgt"].astype(str) == answered["predicted"])


def test_shares_of_answers_are_weighted():
    rows = answer_table([("a+b", 12, "12"), ("a+b", -5, "-7"), ("a*b", 120, "13"), ("a*b", 7, "")])
    assert answers.shares(rows, pd.Series(1.0, rows.index)) == {
        "rows": 4,
        "exact_match": 0.25,
        "right_length": 0.5,
        "right_first": 0.75,
        "right_last": 0.25,
    }
    found = answers.shares(rows, pd.Series([2.0, 1.0, 1.0, 0.0]))
    assert found["exact_match"] == 0.5
    assert found["rows"] == 3  # 4² / 6, rounded


def test_both_tables_get_the_mix_that_they_have_in_common():
    """a+b with two-digit answers: 3/4 of one table, 1/4 of the other. a*b is only in the first, a-b in the second."""
    one = answer_table([("a+b", 10, "")] * 6 + [("a*b", 10, "")] * 2)
    other = answer_table([("a+b", 99, "")] * 2 + [("a-b", 10, "")] * 5 + [("a+b", 5, "")])
    weights, others = answers.common(one, other), answers.common(other, one)
    assert weights.tolist() == pytest.approx([1 / 3] * 6 + [0] * 2)
    assert others.tolist() == pytest.approx([1] * 2 + [0] * 6)
    assert weights.sum() / len(one) == pytest.approx(others.sum() / len(other))


@pytest.fixture
def networks(finished, monkeypatch):
    """The small laboratory's networks, asked by `evaluate` in this process; test_study.py starts real ones."""

    def call(*command):
        assert command[:3] == (sys.executable, "-m", "stages.evaluate")
        done = stage("evaluate", *command[3:])
        assert done.returncode == 0, done.stderr

    monkeypatch.setattr(answers, "call", call)
    own = finished / "models"
    return answers.Networks(finished / "params.yaml", finished, lambda run, seed: own / f"{run}.safetensors")


@pytest.mark.parametrize("part", ["train", "valid", "rest"])
def test_the_rows_of_each_part(networks, finished, part):
    train, valid = ({row["src"] for row in pq.read_table(path).to_pylist()} for path in samples(finished, "small"))
    whole = set(pq.read_table(finished / "subsets" / "small.parquet")["src"].to_pylist())
    wanted = {"train": train, "valid": valid, "rest": whole - train}[part]
    assert networks.ask({"run": "small-lstm", "part": part})["rows"] == min(len(wanted), answers.REST)
    assert set(answers.sampled(finished, f"small/{part}")["src"].to_pylist()) == wanted


def test_rows_inside_and_outside_the_own_rule(networks, finished):
    """no_7 has operands up to 11, small has sevens: neither rule keeps all of the other's rows."""
    rows = pq.read_table(finished / "samples" / "no_7" / "valid.parquet")["src"].to_pylist()
    small = [src for src in rows if "10" not in src and "11" not in src]
    trained = set(pq.read_table(samples(finished, "small")[0])["src"].to_pylist())
    asked = {"run": "small-lstm", "dataset": "no_7", "part": "valid"}
    counts = {
        "all": len(set(rows) - trained),
        "inside": len(set(small) - trained),
        "outside": len(rows) - len(small),
    }
    for which, count in counts.items():
        found = networks.ask(asked | {"asked": which})
        assert (found.get("rows", 0), found["status"] == "done") == (count, count > 0), which


def test_rows_like_others_are_weighted_to_the_common_mix(networks, finished):
    """The rest of small with the mix of no_7's training rows; kinds that only one of them has get weight 0."""
    own = answers.sampled(finished, "small/rest").to_pandas()
    other = answers.sampled(finished, "no_7/train").to_pandas()
    weights = answers.common(own, other)
    found = networks.ask({"run": "small-lstm", "like": "no_7/train"})
    assert found["rows"] == round(weights.sum() ** 2 / (weights**2).sum()) < len(own)


def test_the_rest_is_limited(finished, monkeypatch):
    monkeypatch.setattr(answers, "REST", 5)
    rows = answers.sampled(finished, "small/rest")["src"].to_pylist()
    assert len(set(rows)) == 5
    assert not set(rows) & set(answers.sampled(finished, "small/train")["src"].to_pylist())


def test_no_such_rows(networks):
    found = networks.ask({"run": "small-lstm", "asked": "outside"})
    assert found == {"status": "not measured: there are no such rows"}
