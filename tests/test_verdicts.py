"""What a study found: the verdict on hand-made rows, by what the networks have in common."""

import numpy as np
import pandas as pd
import pytest
from conftest import COMPARISON, study_of

from stages.page import rows as study_rows
from stages.page import verdicts
from stages.page.verdicts import CHANCE, CONFIRMED, CONTRADICTED, UNMEASURED
from stages.studies import design
from tests.study_rows import rows


@pytest.mark.parametrize(
    ("table", "verdict"),
    [
        (rows(enumerate([0.9, 0.8, 1.0]), enumerate([0.1, 0.1, 0.2])), CONFIRMED),
        (rows(enumerate([0.1, 0.1, 0.2]), enumerate([0.9, 0.8, 1.0])), CONTRADICTED),
        (rows(enumerate([0.1, 0.9, 0.5]), enumerate([0.5, 0.4, 0.2])), CHANCE),
        (rows([(1, 0.9)], [(1, 0.1)]), CHANCE),  # one seed says nothing
        (rows([(1, 0.9)], [(2, 0.1)]), UNMEASURED),  # seeds are held against themselves
        (rows([], [(2, 0.1)]), UNMEASURED),
        (rows(enumerate([np.nan] * 3), enumerate([0.5, 0.4, 0.2]), status="train: nan"), CONFIRMED),  # all failed
    ],
)
def test_a_verdict_follows_from_the_rows(table, verdict):
    assert verdicts.compare(study_of(), COMPARISON, table).verdict == verdict


def test_the_worst_comparison_is_the_verdict():
    table = rows(enumerate([0.9, 0.8, 1.0]), enumerate([0.1, 0.1, 0.2]))
    turned = design.Comparison(larger="unsteadiness", at={"lr": 0.001}, than_at={"lr": 0.01})
    assert verdicts.judge((study_of(), table)).verdict == CONFIRMED
    assert verdicts.judge((study_of(rule=[COMPARISON, turned]), table)).verdict == CONTRADICTED


@pytest.mark.parametrize(
    ("shares", "counts", "verdict"),
    [
        ((0.30, 0.20), (1000, 1000), CONFIRMED),
        ((0.20, 0.30), (1000, 1000), CONTRADICTED),
        ((0.30, 0.20), (50, 50), CHANCE),
        ((0.30, 0.20), (1000, None), CHANCE),  # of how many rows is not known
    ],
)
def test_one_seed_is_judged_by_its_rows(shares, counts, verdict):
    table = pd.DataFrame({"lr": [0.01, 0.001], "status": "done", "exact_match": shares, "rows": counts})
    comparison = design.Comparison(larger="exact_match", at={"lr": 0.01}, than_at={"lr": 0.001})
    assert verdicts.compare(study_of(), comparison, table).verdict == verdict


def test_a_failed_training_has_an_endless_loss_and_no_accuracy():
    table = rows(enumerate([np.nan] * 3), enumerate([0.5, 0.4, 0.2]), status="train: nan").assign(exact_match=0.5)
    for measure, verdict in (("unsteadiness", CONFIRMED), ("exact_match", UNMEASURED)):
        comparison = design.Comparison(larger=measure, at={"lr": 0.01}, than_at={"lr": 0.001})
        assert verdicts.compare(study_of(), comparison, table).verdict == verdict


@pytest.mark.parametrize(("auc", "verdict"), [(0.52, CONFIRMED), (0.48, CONTRADICTED), (0.509, CHANCE)])
def test_a_number_is_held_against_the_standard_error(auc, verdict):
    names = {"one": "full/valid", "other": "full/train", "of": ["everything"]}
    table = pd.DataFrame(names | {"status": "done", "auc": auc, "error": 0.005})
    for of, expected in (("everything", verdict), ("nothing", UNMEASURED)):
        comparison = design.Comparison(larger="auc", at={"of": of}, than=0.5)
        assert verdicts.compare(study_of(), comparison, table).verdict == expected


def test_a_number_of_a_table_with_gaps_is_the_same():
    table = pd.DataFrame({"epochs": [10.0, np.nan], "seed": [1, 1], "unsteadiness": [0.2, 0.1], "status": "done"})
    assert study_rows.at(table, {"epochs": 10})["unsteadiness"].tolist() == [0.2]


def test_the_evidence_of_a_comparison():
    """Differences 0.8, 0.7 and 0.8: their standard deviation is 0.05774, and Student's t of two is 4.303."""
    table = rows(enumerate([0.9, 0.8, 1.0]), enumerate([0.1, 0.1, 0.2]))
    judgement = verdicts.compare(study_of(), COMPARISON, table)
    assert judgement.evidence == (
        "With a learning rate of 0.01 instead of 0.001, the unsteadiness of the loss rises from 0.133 to 0.9 "
        "(+0.767 ± 0.143, 3 seeds): confirmed.",
    )
    assert judgement.figures == (
        "unsteadiness at lr=0.01: 0.9, against 0.133 at lr=0.001 (difference +0.77 ± 0.14, 3 seeds)"
    )


LARGER = design.Comparison(larger="exact_match", at={"lr": 0.01}, than_at={"lr": 0.001})


@pytest.mark.parametrize(
    ("large", "small", "samples", "evidence"),
    [
        # The differences are 0.1 and 0.2: 0.15 ± 12.706 * 0.05
        ([0.5, 0.7], [0.4, 0.5], (100, 100), "(+15.0 ± 63.5 points, 2 seeds): within chance."),
        # Welch: the error is the root of 0.01 + 0.0025, with 1.47 degrees of freedom
        ([0.5, 0.7], [0.4, 0.5], (200, 100), "(+15.0 ± 69.2 points, 2 and 2 networks): within chance."),
        # One against three, whose deviation is 0.01: 4.303 * 0.01 * the root of 4 / 3
        ([0.7], [0.39, 0.40, 0.41], (200, 100), "(+30.0 ± 5.0 points, one network against 3): confirmed."),
        ([0.7], [0.39, 0.40, 0.41], (100, 100), "(+26.8 to +35.1 points, one network each): confirmed."),  # seed 1
        (
            [0.7],
            [0.4],
            (200, 100),
            "(+25.8 to +34.1 points, one network each): confirmed.",
        ),  # Newcombe, 1,000 rows each
    ],
)
def test_networks_are_compared_by_what_they_have_in_common(large, small, samples, evidence):
    rows = [
        (lr, seed, share, sample)
        for lr, shares, sample in zip((0.01, 0.001), (large, small), samples, strict=True)
        for seed, share in enumerate(shares, start=1)
    ]
    table = pd.DataFrame(rows, columns=["lr", "seed", "exact_match", "sample"]).assign(status="done", rows=1000)
    points = [
        {"lr": lr, "seed": [1, 2, 3], "sample": sample} for lr, sample in zip((0.01, 0.001), samples, strict=True)
    ]
    entry = study_of(points=points, rule=[LARGER])
    (found,) = verdicts.compare(entry, LARGER, table).evidence
    assert found.endswith(evidence)


def test_draws_are_compared_with_themselves():
    table = pd.DataFrame({"lr": [0.01] * 3 + [0.001] * 3, "sample_seed": [1, 2, 3] * 2, "seed": 42, "rows": 1000})
    table = table.assign(exact_match=[0.5, 0.6, 0.7, 0.4, 0.5, 0.6], status="done")
    (found,) = verdicts.compare(study_of(), LARGER, table).evidence
    assert found.endswith("(+10.0 ± 0.0 points, 3 draws): confirmed.")


def test_one_network_asked_two_tables_is_compared_with_itself():
    """Two networks of different runs have nothing in common: Welch's error is the root of 2 * 0.01 / 3."""
    asked = {"run": ["one"] * 6 + ["two"] * 3, "dataset": ["full"] * 3 + ["other"] * 6, "seed": [1, 2, 3] * 3}
    shares = [0.5, 0.6, 0.7, 0.4, 0.5, 0.6, 0.3, 0.4, 0.5]
    table = pd.DataFrame(asked | {"exact_match": shares, "status": "done", "rows": 1000})
    points = [{"run": ["one", "two"], "dataset": ["full", "other"], "seed": [1, 2, 3]}]
    for place, ending in (
        ({"run": "one", "dataset": "other"}, "(+10.0 ± 0.0 points, 3 seeds): confirmed."),
        ({"run": "two", "dataset": "other"}, "(+20.0 ± 22.7 points, 3 and 3 networks): within chance."),
    ):
        rule = design.Comparison(larger="exact_match", at={"run": "one", "dataset": "full"}, than_at=place)
        entry = design.Study(
            question="?", kind="answers", points=points, by=["run"], show=["exact_match"], rule=[rule]
        )
        assert verdicts.compare(entry, rule, table).evidence[0].endswith(ending)
