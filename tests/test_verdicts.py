"""The verdict on a study's rule, on hand-made rows, by what the networks have in common."""

import numpy as np
import pandas as pd
import pytest
from conftest import COMPARISON, study_of

from stages.page.verdicts import CHANCE, CONFIRMED, CONTRADICTED, UNMEASURED, compare, judge
from stages.studies import design
from tests.study_rows import rows

LARGE, SMALL = [0.9, 0.8, 1.0], [0.1, 0.1, 0.2]  # of seeds 0, 1 and 2
LARGER = design.Comparison(larger="exact_match", at={"lr": 0.01}, than_at={"lr": 0.001})


@pytest.mark.parametrize(
    ("table", "verdict"),
    [
        (rows(enumerate(LARGE), enumerate(SMALL)), CONFIRMED),
        (rows(enumerate(SMALL), enumerate(LARGE)), CONTRADICTED),
        (rows(enumerate([0.1, 0.9, 0.5]), enumerate([0.5, 0.4, 0.2])), CHANCE),
        (rows([(1, 0.9)], [(1, 0.1)]), CHANCE),  # one seed says nothing
        (rows([(1, 0.9)], [(2, 0.1)]), UNMEASURED),  # seeds are held against themselves
        (rows([], [(2, 0.1)]), UNMEASURED),
        (rows([(1, 0.9)], [(1, 0.1)], status="not measured: about 99 minutes"), UNMEASURED),
        (rows(enumerate([np.nan] * 3), enumerate(SMALL), status="train: nan"), CONFIRMED),  # an endless loss
    ],
)
def test_a_verdict_follows_from_the_rows(table, verdict):
    assert compare(study_of(), COMPARISON, table).verdict == verdict


def test_a_failed_training_has_no_accuracy():
    table = rows(enumerate([np.nan] * 3), enumerate(SMALL), status="train: nan").assign(exact_match=0.5)
    assert compare(study_of(), LARGER, table).verdict == UNMEASURED


def test_the_worst_comparison_is_the_verdict():
    turned = design.Comparison(larger="unsteadiness", at={"lr": 0.001}, than_at={"lr": 0.01})
    for rule, verdict in (([COMPARISON], CONFIRMED), ([COMPARISON, turned], CONTRADICTED)):
        assert judge((study_of(rule=rule), rows(enumerate(LARGE), enumerate(SMALL)))).verdict == verdict


# None: it is not known
@pytest.mark.parametrize(("counts", "verdict"), [((1000, 1000), CONFIRMED), ((50, 50), CHANCE), ((1000, None), CHANCE)])
def test_one_seed_is_judged_by_its_rows(counts, verdict):
    table = pd.DataFrame({"lr": [0.01, 0.001], "status": "done", "exact_match": [0.3, 0.2], "rows": counts})
    assert compare(study_of(), LARGER, table).verdict == verdict


@pytest.mark.parametrize(
    ("of", "auc", "verdict"),
    [(1, 0.52, CONFIRMED), (1, 0.48, CONTRADICTED), (1, 0.509, CHANCE), (2, 0.52, UNMEASURED)],
)
def test_a_number_is_held_against_the_standard_error(of, auc, verdict):
    names = {"one": "full/valid", "other": "full/train", "of": [1.0, None]}  # 1 in a column with a gap is 1.0
    table = pd.DataFrame(names | {"status": "done", "auc": auc, "error": 0.005})
    comparison = design.Comparison(larger="auc", at={"of": of}, than=0.5)
    assert compare(study_of(), comparison, table).verdict == verdict


def test_the_evidence_of_a_comparison():
    """Differences 0.8, 0.7 and 0.8: their standard deviation is 0.05774, and Student's t of two is 4.303."""
    judgement = compare(study_of(), COMPARISON, rows(enumerate(LARGE), enumerate(SMALL)))
    assert judgement.evidence == (
        "With a learning rate of 0.01 instead of 0.001, the unsteadiness of the loss rises from 0.133 to 0.9 "
        "(+0.767 ± 0.143, 3 seeds): confirmed.",
    )
    assert judgement.figures == (
        "unsteadiness at lr=0.01: 0.9, against 0.133 at lr=0.001 (difference +0.77 ± 0.14, 3 seeds)"
    )


@pytest.mark.parametrize(
    ("large", "small", "samples", "evidence"),
    [
        # The differences are 0.1 and 0.2: 0.15 ± 12.706 * 0.05
        ([0.5, 0.7], [0.4, 0.5], (100, 100), "(+15.0 ± 63.5 points, 2 seeds): within chance."),
        # Welch: the error is the root of 0.01 + 0.0025, with 1.47 degrees of freedom
        ([0.5, 0.7], [0.4, 0.5], (200, 100), "(+15.0 ± 69.2 points, 2 and 2 networks): within chance."),
        # One against three, whose deviation is 0.01: 4.303 * 0.01 * the root of 4 / 3
        ([0.7], [0.39, 0.40, 0.41], (200, 100), "(+30.0 ± 5.0 points, one network against 3): confirmed."),
        # Seed 1 against seed 1, then different rows: by Newcombe, 1,000 rows each
        ([0.7], [0.39, 0.40, 0.41], (100, 100), "(+26.8 to +35.1 points, one network each): confirmed."),
        ([0.7], [0.4], (200, 100), "(+25.8 to +34.1 points, one network each): confirmed."),
    ],
)
def test_networks_are_compared_by_what_they_have_in_common(large, small, samples, evidence):
    sides = [*zip((0.01, 0.001), (large, small), samples, strict=True)]
    networks = [(lr, seed, share, size) for lr, shares, size in sides for seed, share in enumerate(shares, start=1)]
    table = pd.DataFrame(networks, columns=["lr", "seed", "exact_match", "sample"]).assign(status="done", rows=1000)
    points = [{"lr": lr, "seed": [1, 2, 3], "sample": size} for lr, _, size in sides]
    (text,) = compare(study_of(points=points, rule=[LARGER]), LARGER, table).evidence
    assert text.endswith(evidence)


def test_draws_are_compared_with_themselves():
    networks = {"lr": [0.01] * 3 + [0.001] * 3, "sample_seed": [1, 2, 3] * 2, "seed": 42, "rows": 1000}
    table = pd.DataFrame(networks | {"exact_match": [0.5, 0.6, 0.7, 0.4, 0.5, 0.6], "status": "done"})
    assert compare(study_of(), LARGER, table).evidence[0].endswith("(+10.0 ± 0.0 points, 3 draws): confirmed.")


@pytest.mark.parametrize(
    ("run", "evidence"),
    [
        ("one", "(+10.0 ± 0.0 points, 3 seeds): confirmed."),
        ("two", "(+20.0 ± 22.7 points, 3 and 3 networks): within chance."),  # Welch: the root of 2 * 0.01 / 3
    ],
)
def test_only_one_network_that_answers_two_tables_is_compared_with_itself(run, evidence):
    asked = {"run": ["one"] * 6 + ["two"] * 3, "dataset": ["full"] * 3 + ["other"] * 6, "seed": [1, 2, 3] * 3}
    shares = [0.5, 0.6, 0.7, 0.4, 0.5, 0.6, 0.3, 0.4, 0.5]
    table = pd.DataFrame(asked | {"exact_match": shares, "status": "done", "rows": 1000})
    points = [{"run": ["one", "two"], "dataset": ["full", "other"], "seed": [1, 2, 3]}]
    place = {"run": run, "dataset": "other"}
    rule = design.Comparison(larger="exact_match", at={"run": "one", "dataset": "full"}, than_at=place)
    entry = design.Study(question="?", kind="answers", points=points, by=["run"], show=["exact_match"], rule=[rule])
    assert compare(entry, rule, table).evidence[0].endswith(evidence)
