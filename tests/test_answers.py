"""Studies of answers: which rows a trained network is asked, with which weights, and what is counted."""

import pandas as pd
import pyarrow.parquet as pq
import pytest
from conftest import samples
from study_files import stages_in_this_process

from stages.studies import answers
from stages.studies.trainings import Trainings


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
    weighted = answers.shares(rows, pd.Series([2.0, 1.0, 1.0, 0.0]))
    assert weighted["exact_match"] == 0.5
    assert weighted["rows"] == 3  # 4² / 6, rounded


def test_both_tables_get_the_mix_that_they_have_in_common():
    """a+b with two-digit answers: 3/4 of one table, 1/4 of the other. a*b is only in the first, a-b in the second."""
    one = answer_table([("a+b", 10, "")] * 6 + [("a*b", 10, "")] * 2)
    other = answer_table([("a+b", 99, "")] * 2 + [("a-b", 10, "")] * 5 + [("a+b", 5, "")])
    weights, others = answers.common(one, other), answers.common(other, one)
    assert weights.tolist() == pytest.approx([1 / 3] * 6 + [0] * 2)
    assert others.tolist() == pytest.approx([1] * 2 + [0] * 6)
    assert weights.sum() / len(one) == pytest.approx(others.sum() / len(other))


@pytest.fixture
def networks(finished, monkeypatch, tmp_path):
    """The tiny pipeline's networks; test_trainings.py asks one with another seed."""
    stages_in_this_process(monkeypatch)
    with Trainings(finished / "params.yaml", finished, tmp_path) as trainings:
        yield answers.Networks(finished / "params.yaml", finished, trainings)


def sources(path):
    return set(pq.read_table(path)["src"].to_pylist())


@pytest.mark.parametrize("part", ["train", "valid", "rest"])
def test_the_rows_of_each_part(networks, finished, part, monkeypatch):
    train, valid = map(sources, samples(finished, "small"))
    wanted = {"train": train, "valid": valid, "rest": sources(finished / "subsets" / "small.parquet") - train}[part]
    assert networks.ask({"run": "small-lstm", "part": part})["rows"] == min(len(wanted), answers.REST)
    assert set(answers.sampled(finished, f"small/{part}")["src"].to_pylist()) == wanted
    monkeypatch.setattr(answers, "REST", 5)
    few = set(answers.sampled(finished, "small/rest")["src"].to_pylist())
    assert len(few - train) == len(few) == 5


def test_rows_inside_and_outside_the_own_rule(networks, finished):
    """no_7 has operands up to 11, small has sevens: neither rule keeps all of the other's rows."""
    rows = sources(finished / "samples" / "no_7" / "valid.parquet")
    small = {src for src in rows if "10" not in src and "11" not in src}
    trained = sources(samples(finished, "small")[0])
    counts = {"all": len(rows - trained), "inside": len(small - trained), "outside": len(rows - small)}
    for which, count in counts.items():
        measures = networks.ask({"run": "small-lstm", "dataset": "no_7", "part": "valid", "asked": which})
        assert (measures.get("rows", 0), measures["status"] == "done") == (count, count > 0), which
    none = networks.ask({"run": "small-lstm", "asked": "outside"})
    assert none == {"status": "not measured: there are no such rows"}


def test_rows_like_others_are_weighted_to_the_common_mix(networks, finished):
    """The rest of small with the mix of no_7's training rows; kinds that only one of them has get weight 0."""
    own = answers.sampled(finished, "small/rest").to_pandas()
    weights = answers.common(own, answers.sampled(finished, "no_7/train").to_pandas())
    measures = networks.ask({"run": "small-lstm", "like": "no_7/train"})
    assert measures["rows"] == round(weights.sum() ** 2 / (weights**2).sum()) < len(own)
