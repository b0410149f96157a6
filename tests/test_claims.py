"""Each verdict against figures from which a person can tell it."""

from dataclasses import fields, replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT, TINY

from stages.common import params
from stages.page import claims
from stages.page.results import Results
from stages.studies import design


def results(scores, seconds=None, falls=(2.0, 1.0), **changes):
    """Runs named dataset-cell with these exact matches on 1,000 held-out rows each; changes are the GRUs' alone."""
    names = [dict(zip(("run", "dataset", "cell"), (run, *run.rsplit("-", 1)), strict=True)) for run in scores]
    metrics = pd.DataFrame([name | {"exact_match": share} for name, share in zip(names, scores.values(), strict=True)])
    for name in ("loss", "train_loss", "token_accuracy", "position_accuracy"):
        metrics[name] = 1 - metrics["exact_match"] if "loss" in name else metrics["exact_match"]
    machine = {"seconds_per_epoch": seconds or 1.0, "device": "cpu", "threads": 2, "processes": 1}
    timing = metrics[["run", "dataset", "cell"]].assign(**machine)
    predictions = pd.DataFrame({"run": np.repeat(list(scores), 1000)})
    curves = pd.DataFrame([{"run": run, "valid_loss": loss} for run in scores for loss in falls])
    numbers = {name: TINY[name] for name in TINY if name in {field.name for field in fields(params.Run)}}
    runs = {
        row["run"]: params.Run(
            dataset=row["dataset"],
            cell=row["cell"],
            grad_clip=2.0,
            **numbers | (changes if row["cell"] == "gru" else {}),
        )
        for row in names
    }
    return Results(
        SimpleNamespace(runs=runs), {}, curves, metrics, timing, predictions, predictions, {}, {}, {}, None, None
    )


def verdict(found, start):
    return next(claim for claim in claims.claims(found) if claim.text.startswith(start)).judgement.verdict


@pytest.mark.parametrize(
    ("scores", "start", "expected"),
    [
        ({"single_digit-lstm": 0.8, "full-lstm": 0.1}, "Subset 1 (single_digit) is", "confirmed"),
        ({"single_digit-lstm": 0.1, "full-lstm": 0.8}, "Subset 1 (single_digit) is", "contradicted"),
        ({"single_digit-lstm": 0.50, "full-lstm": 0.49}, "Subset 1 (single_digit) is", "within chance"),
        (
            {"single_digit-lstm": 0.5, "full-lstm": 1, "two_digit-lstm": 0},
            "Subset 1 (single_digit) is",
            "contradicted",
        ),
        ({"single_digit-lstm": 0.5, "five-lstm": 0.9}, "Subset 1 (single_digit) is", "not yet measured"),
        ({"full-lstm": 0.49}, "Subset 1 (single_digit) is", "not yet measured"),
        ({"single_digit-lstm": 0.8, "two_digit-lstm": 0.1}, "Two-digit answers", "confirmed"),
        ({"single_digit-lstm": 0.1, "two_digit-lstm": 0.8}, "Two-digit answers", "contradicted"),
        ({"without_1-lstm": 0.2, "two_digit-lstm": 0.1}, "Subset 3 (without_1) beats", "confirmed"),
        ({"full-lstm": 0.8, "full-gru": 0.1}, "An LSTM does", "not yet measured"),
        ({"single_digit-lstm": 1.0, "single_digit-gru": 1.0}, "Loss and accuracy", "confirmed"),
        ({"single_digit-lstm": 0.80, "single_digit-gru": 0.81}, "Loss and accuracy", "confirmed"),
        ({"single_digit-lstm": 0.70, "single_digit-gru": 0.80}, "Loss and accuracy", "contradicted"),
        (
            {"single_digit-lstm": 0.5, "full-lstm": 0.9, "two_digit-lstm": 0.1},
            "Subset 1 (single_digit) is",
            "contradicted",
        ),
        ({"full-lstm": 0.73}, "On full the LSTM", "consistent"),
        ({"full-lstm": 0.80}, "On full the LSTM", "contradicted"),
        ({"full-lstm": 0.785}, "On full the LSTM", "consistent"),  # at most 0.03 above 0.76
        ({"full-lstm": 0.685}, "On full the LSTM", "consistent"),
        ({"full-lstm": 0.67}, "On full the LSTM", "contradicted"),
        ({"full-lstm": 0.5}, "On two_digit the LSTM", "not yet measured"),
        ({"full-lstm": 0.5}, "More epochs", "not yet measured"),
    ],
)
def test_a_verdict_follows_from_the_figures(scores, start, expected):
    assert verdict(results(scores), start) == expected


@pytest.mark.parametrize(("seconds", "expected"), [([3.0, 2.0], "confirmed"), ([2.0, 3.0], "contradicted")])
def test_which_cell_is_faster(seconds, expected):
    found = results({"full-lstm": 0.5, "full-gru": 0.5}, seconds)
    assert verdict(found, "A GRU epoch") == expected


def test_a_gru_is_faster_if_it_is_on_every_dataset():
    scores = dict.fromkeys(["full-lstm", "full-gru", "small-lstm", "small-gru"], 0.5)
    for seconds, expected in (([3, 2, 30, 20], "confirmed"), ([3, 2, 20, 30], "contradicted")):
        found = results(scores, list(map(float, seconds)))
        assert verdict(found, "A GRU epoch") == expected
    claim = next(claim for claim in claims.claims(found) if claim.text.startswith("A GRU epoch"))
    assert claim.judgement.evidence == (
        "An epoch takes 2.0 s with the GRU and 3.0 s with the LSTM on full; "
        "30.0 s with the GRU and 20.0 s with the LSTM on small (one network each, mean of its epochs).",
    )


def test_the_evidence_about_two_datasets():
    """By Newcombe: the Wilson intervals of 0.8 and 0.7 of 1,000 rows are 0.7741 to 0.8237 and 0.6708 to 0.7276."""
    found = results({"single_digit-lstm": 0.8, "two_digit-lstm": 0.7})
    claim = next(claim for claim in claims.claims(found) if claim.text.startswith("Two-digit"))
    assert claim.judgement.evidence == (
        "single_digit-lstm answers 80.0 % of its held-out rows correctly, two_digit-lstm 70.0 % "
        "(+6.2 to +13.7 points).",
    )
    assert claim.judgement.figures == "exact match 0.800 and 0.700, difference +0.062 to +0.137"


@pytest.mark.parametrize(
    ("falls", "expected"),
    [
        ([2.0, 1.5, 1.02, 1.01, 1.0, 1.0], "confirmed"),
        ([2.0, 1.5, 1.4, 1.0, 1.0, 1.0], "contradicted"),  # the fall lies just behind the half
        ([2.0, 1.0], "contradicted"),
        ([2.0, 1.8, 1.6, 1.4, 1.2, 1.0], "contradicted"),
        ([1.0], "not yet measured"),
        ([1.0, 2.0], "not yet measured"),
    ],
)
def test_when_a_curve_is_flat(falls, expected):
    assert verdict(results({"full-lstm": 0.5}, falls=falls), "On the full sample the validation") == expected


def test_runs_that_differ_in_more_than_the_cell_are_no_pair():
    assert verdict(results({"full-lstm": 0.8, "full-gru": 0.1}, hidden_dim=4), "A GRU epoch") == "not yet measured"


def tried(better):
    """A study that asks whether `one` is better than `two`, each with 1,000 rows."""
    comparison = design.Comparison(larger="exact_match", at={"run": "one"}, than_at={"run": "two"})
    point = {"run": ["one", "two"]}
    entry = design.Study(
        question="?", kind="answers", points=[point], by=["run"], show=["exact_match"], rule=[comparison]
    )
    shares = [0.3, 0.2] if better else [0.2, 0.3]
    return entry, pd.DataFrame(point | {"exact_match": shares, "rows": 1000, "status": "done"})


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({"share": True, "difficulty": True}, "confirmed"),
        ({"share": True, "difficulty": False}, "contradicted"),
        ({"difficulty": True}, "not yet measured"),
    ],
)
def test_a_claim_holds_if_all_of_its_studies_say_so(answers, expected):
    found = replace(results({"full-lstm": 0.5}), studies={name: tried(better) for name, better in answers.items()})
    assert verdict(found, "… because 20,000 rows are a larger share") == expected


def test_claims_name_studies_that_there_are():
    known = set(design.read(ROOT / "studies.yaml"))
    named = [rule for _, rule, _ in claims.CLAIMS if isinstance(rule, tuple)]
    assert len(named) > 7
    assert {name for names in named for name in names} <= known
