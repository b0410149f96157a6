"""What a study found: the verdict on hand-made rows, and its place on the page."""

import numpy as np
import pandas as pd
import pytest
from conftest import COMPARISON, study_of

from stages import studies, study_table
from stages.page import rows as study_rows
from stages.page import studies as study_figures
from stages.page import verdicts
from stages.page.verdicts import CHANCE, CONFIRMED, CONTRADICTED, UNMEASURED

CODE = "0123456789ab"  # the present code's hash


def rows(large, small, status="done"):
    """Unsteadiness at lr 0.01 and at lr 0.001, a seed each."""
    found = [(lr, seed, value, "done") for lr, values in ((0.01, large), (0.001, small)) for seed, value in values]
    table = pd.DataFrame(found, columns=["lr", "seed", "unsteadiness", "status"])
    table.loc[table["lr"] == 0.01, "status"] = status
    return table.assign(rows=np.nan, **dict.fromkeys(study_table.ORIGIN))


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
    turned = studies.Comparison(larger="unsteadiness", at={"lr": 0.001}, than_at={"lr": 0.01})
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
    comparison = studies.Comparison(larger="exact_match", at={"lr": 0.01}, than_at={"lr": 0.001})
    assert verdicts.compare(study_of(), comparison, table).verdict == verdict


def test_a_failed_training_has_an_endless_loss_and_no_accuracy():
    table = rows(enumerate([np.nan] * 3), enumerate([0.5, 0.4, 0.2]), status="train: nan").assign(exact_match=0.5)
    for measure, verdict in (("unsteadiness", CONFIRMED), ("exact_match", UNMEASURED)):
        comparison = studies.Comparison(larger=measure, at={"lr": 0.01}, than_at={"lr": 0.001})
        assert verdicts.compare(study_of(), comparison, table).verdict == verdict


def test_a_study_of_which_nothing_is_measured_has_a_place_on_the_page():
    table = rows([(1, 0.9)], [], status="not measured: about 99 minutes").assign(loss=np.nan, point="p", epochs=np.nan)
    for keys in (["lr"], ["lr", "epochs"]):
        tried = study_of(by=keys), table
        assert study_figures.picture("small", tried, CODE).panels == []
        assert study_figures.figures("small", tried).rows == []


@pytest.mark.parametrize(("auc", "verdict"), [(0.52, CONFIRMED), (0.48, CONTRADICTED), (0.509, CHANCE)])
def test_a_number_is_held_against_the_standard_error(auc, verdict):
    names = {"one": "full/valid", "other": "full/train", "of": ["everything"]}
    table = pd.DataFrame(names | {"status": "done", "auc": auc, "error": 0.005})
    for of, expected in (("everything", verdict), ("nothing", UNMEASURED)):
        comparison = studies.Comparison(larger="auc", at={"of": of}, than=0.5)
        assert verdicts.compare(study_of(), comparison, table).verdict == expected


def test_a_number_of_a_table_with_gaps_is_the_same():
    table = pd.DataFrame({"epochs": [10.0, np.nan], "seed": [1, 1], "unsteadiness": [0.2, 0.1], "status": "done"})
    assert study_rows.at(table, {"epochs": 10})["unsteadiness"].tolist() == [0.2]


def test_what_was_not_measured_is_no_failure():
    table = rows([(1, 0.9)], [(1, 0.1)], status="not measured: about 99 minutes")
    assert verdicts.compare(study_of(), COMPARISON, table).verdict == UNMEASURED
    drawn = study_figures.picture("small", (study_of(show=["unsteadiness"]), table.assign(point="a point")), CODE)
    assert "Failed" not in drawn.caption
    assert drawn.caption.startswith("1 training. ")
    assert drawn.caption.endswith("0.01: not measured: about 99 minutes.")


def test_a_picture_has_every_measure_and_names_what_failed():
    table = rows(enumerate([0.9, 0.8, 1.0]), enumerate([0.1, 0.1, 0.2])).assign(loss=0.5, point="a point")
    table.loc[0, "status"] = "train: diverged"
    drawn = study_figures.picture("learning_rate", (study_of(show=["loss", "unsteadiness"]), table), CODE)
    assert len(drawn.panels) == 2
    assert drawn.caption.endswith("Failed: a point.")
    assert "6 trainings" in drawn.caption
    assert "commit" not in drawn.caption
    old = study_figures.picture("learning_rate", (study_of(code="1234567"), table), CODE)
    assert "Only the code of commit 1234567 can run all points" in old.caption
    assert "1 never" in {text.get_text() for text in drawn.panels[0].figure.axes[0].texts}


@pytest.mark.parametrize(
    ("made", "sentence"),
    [
        ([("1111111", CODE)] * 4, None),
        ([(None, None)] * 4, None),  # the page says it once
        ([("1111111", CODE)] * 3 + [(None, None)], "The code of 1 was not recorded."),
        ([("1111111", "other")] * 4, "The code has changed since (1111111)."),
        (
            [("1111111", CODE), ("2222222", "b"), ("3333333+", "c"), ("2222222", "b")],
            "The code has changed since 3 of these (2222222, 3333333+).",
        ),
        ([(None, "b")] * 4, "The code has changed since."),  # outside of git
        (
            [("1111111", CODE), ("1111111", CODE), ("2222222", "b"), (None, None)],
            "The code has changed since 1 of these (2222222). The code of 1 was not recorded.",
        ),
    ],
)
def test_a_study_whose_code_has_changed_is_marked(made, sentence):
    table = rows(enumerate([0.9, 0.8]), enumerate([0.1, 0.1])).assign(loss=0.5, point="p")
    table[list(study_table.ORIGIN)] = made
    left = table.iloc[:1].assign(status="not measured: about 99 minutes", code="other", commit="9999999")  # no result
    caption = study_figures.picture("small", (study_of(), pd.concat([table, left])), CODE).caption
    assert (f" {sentence}" in caption) == (sentence is not None), caption
    assert caption.count("code") == (sentence or "").count("code")
    old = study_figures.picture("small", (study_of(code="1234567"), table), CODE).caption
    assert old.count("code") == 1  # "Only the code of commit …" says it


def test_two_keys_of_which_the_first_is_a_number_are_curves():
    made_of = {
        "lr": [1, 2, 4, 1, 2],
        "cell": ["lstm"] * 3 + ["gru"] * 2,
        "loss": [0.1, 0.2, 0.3, 0.4, 0.5],
        "status": "done",
        "rows": np.nan,
    }
    points = [{"lr": [0.01, 0.001], "cell": "lstm", "seed": 1}]
    table = pd.DataFrame(made_of | {"unsteadiness": 1.0, "point": "p", "commit": "1234567", "code": CODE})
    drawn = study_figures.picture("x", (study_of(points=points, by=["lr", "cell"]), table), CODE)
    lines = {line.get_label(): line.get_xydata().tolist() for line in drawn.panels[0].figure.axes[0].lines}
    assert lines["cell lstm"] == [[1, 0.1], [2, 0.2], [4, 0.3]]
    assert lines["cell gru"] == [[1, 0.4], [2, 0.5]]


def test_labels_that_would_touch_are_left_out():
    assert study_figures._apart([5000, 20288, 20566, 21075, 80000]) == [5000, 20288, 80000]
    assert study_figures._apart([64, 256, 1024]) == [64, 256, 1024]
    assert study_figures._apart([7]) == [7]


def test_the_figures_are_means_with_their_spread():
    table = rows(enumerate([0.8, 1.0]), [(1, 0.25)]).assign(point="p")
    found = study_figures.figures("small", (study_of(show=["unsteadiness"]), table))
    assert found.heads == ["lr", "networks", "unsteadiness of the loss"]
    assert [[cell.text for cell in row] for row in found.rows] == [["0.01", "2", "0.9 ± 0.14"], ["0.001", "1", "0.25"]]
    assert [[cell.key for cell in row[1:]] for row in found.rows] == [[2, pytest.approx(0.9)], [1, 0.25]]


def test_the_evidence_of_a_comparison():
    """Differences 0.8, 0.7 and 0.8: their standard deviation is 0.05774, and Student's t of two is 4.303."""
    table = rows(enumerate([0.9, 0.8, 1.0]), enumerate([0.1, 0.1, 0.2]))
    judgement = verdicts.compare(study_of(), COMPARISON, table)
    assert judgement.evidence == (
        "With a learning rate of 0.01 instead of 0.001, the unsteadiness of the loss rises from 0.133 to 0.9 "
        "(+0.767 ± 0.143, 3 seeds): confirmed.",
    )
    assert judgement.figures == (
        "unsteadiness at lr=0.01: 0.9, against 0.133 at lr=0.001 (difference +0.767 ± 0.14, 3 seeds)"
    )


LARGER = studies.Comparison(larger="exact_match", at={"lr": 0.01}, than_at={"lr": 0.001})


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
        rule = studies.Comparison(larger="exact_match", at={"run": "one", "dataset": "full"}, than_at=place)
        entry = studies.Study(
            question="?", kind="answers", points=points, by=["run"], show=["exact_match"], rule=[rule]
        )
        assert verdicts.compare(entry, rule, table).evidence[0].endswith(ending)
