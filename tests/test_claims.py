"""The report's claims: each verdict and its evidence, against figures from which a person can tell them."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT, study_of

from stages.page import claims
from stages.studies import design
from tests.hand_made import CONFIG, FULL, GRU, results
from tests.repetitions import OWN, claim, repeated
from tests.study_rows import rows

BEST, EQUAL, FASTER = "Subset 1 (single_digit) is", "Loss and accuracy", "A GRU epoch"
GAP, EARLY, ACCURACY = "On the full sample there is a gap", "On the full sample the validation", "On full the LSTM"


def measured(start, **metrics):
    """The judgement if single_digit-lstm, single_digit-gru and full-lstm have these metrics."""
    predictions = pd.DataFrame({"run": np.repeat(results().metrics["run"], 1000)})
    return claim(replace(results(), metrics=results().metrics.assign(**metrics), predictions=predictions), start)


@pytest.mark.parametrize(
    ("start", "shares", "datasets", "verdict"),  # of two LSTMs with 1,000 held-out rows each
    [
        (BEST, (0.8, 0.1), ("single_digit", "full"), "confirmed"),
        (BEST, (0.1, 0.8), ("single_digit", "full"), "contradicted"),
        (BEST, (0.50, 0.49), ("single_digit", "without_1"), "within chance"),
        (BEST, (0.8, 0.1), ("single_digit", "mine"), "not yet measured"),
        ("Two-digit answers", (0.1, 0.8), ("single_digit", "two_digit"), "contradicted"),
        ("Subset 3 (without_1) beats", (0.2, 0.1), ("without_1", "two_digit"), "confirmed"),
        ("An LSTM does", (0.8, 0.1), ("single_digit", "full"), "not yet measured"),  # by a study
        ("On two_digit the LSTM", (0.8, 0.1), ("single_digit", "full"), "not yet measured"),
    ],
)
def test_a_verdict_follows_from_the_exact_matches(start, shares, datasets, verdict):
    metrics = {"exact_match": [shares[0], 0, shares[1]], "dataset": [datasets[0], "", datasets[1]]}
    assert measured(start, **metrics).verdict == verdict


def test_the_evidence_about_two_datasets():
    """By Newcombe: the Wilson intervals of 0.8 and 0.7 of 1,000 rows are 0.7741 to 0.8237 and 0.6708 to 0.7276."""
    judgement = measured(BEST, exact_match=[0.8, 0, 0.7])
    assert judgement.evidence == (
        "single_digit-lstm answers 80.0 % of its held-out rows correctly, full-lstm 70.0 % (+6.2 to +13.7 points).",
    )
    assert judgement.figures == "exact match 0.800 and 0.700, difference +0.062 to +0.137"


@pytest.mark.parametrize(
    ("seconds", "verdict"), [([3.0, 2.0, 30.0, 20.0], "confirmed"), ([3.0, 2.0, 20.0, 30.0], "contradicted")]
)
def test_a_gru_is_faster_if_it_is_on_every_dataset(seconds, verdict):
    """LSTM and GRU on single_digit, then on full."""
    made, other = results(), {"run": "full-gru", "cell": "gru"}
    config = replace(CONFIG, runs=CONFIG.runs | {"full-gru": replace(CONFIG.runs[FULL], cell="gru")})
    metrics, timing = (pd.concat([table, table[-1:].assign(**other)]) for table in (made.metrics, made.timing))
    timing = timing.assign(seconds_per_epoch=seconds)
    judgement = claim(replace(made, config=config, metrics=metrics, timing=timing), FASTER)
    assert judgement.verdict == verdict
    assert judgement.evidence == (
        f"An epoch takes 2.0 s with the GRU and 3.0 s with the LSTM on single_digit; {seconds[3]} s with the GRU and "
        f"{seconds[2]} s with the LSTM on full (one network each, mean of its epochs).",
    )


def test_seconds_of_other_settings_or_machines_are_not_compared():
    runs = CONFIG.runs | {GRU: replace(CONFIG.runs[GRU], hidden_dim=4)}
    assert claim(replace(results(), config=replace(CONFIG, runs=runs)), FASTER).verdict == "not yet measured"
    for name in ("device", "threads", "processes", "processor"):
        for values, verdict in (([1, 1, 2], "confirmed"), ([1, 2, 1], "not yet measured")):
            timing = results().timing.assign(**{name: values})
            assert claim(replace(results(), timing=timing), FASTER).verdict == verdict, name


@pytest.mark.parametrize(
    ("losses", "verdict"),
    [
        ([2.0, 1.5, 1.02, 1.01, 1.0, 1.0], "confirmed"),
        ([2.0, 1.5, 1.4, 1.0, 1.0, 1.0], "contradicted"),  # the fall is just behind the half
        ([2.0, 1.0], "contradicted"),
        ([1.0, 2.0], "not yet measured"),
    ],
)
def test_when_a_curve_is_flat(losses, verdict):
    curves = pd.DataFrame({"run": FULL, "valid_loss": losses})
    assert claim(replace(results(), curves=curves), EARLY).verdict == verdict


@pytest.mark.parametrize(
    ("loss", "accuracy", "verdict"),
    [
        ([1.0, 0.91], [0.50, 0.519], "confirmed"),  # within 10 % and 0.02
        ([0.89, 1.0], [0.50, 0.50], "contradicted"),
        ([1.0, 1.0], [0.521, 0.50], "contradicted"),
    ],
)
def test_when_cells_are_about_equal(loss, accuracy, verdict):
    judgement = measured(EQUAL, loss=[*loss, 9], token_accuracy=[*accuracy, 0])
    sentence = "The loss is {:.3f} with the LSTM and {:.3f} with the GRU, the token accuracy {:.1f} % and {:.1f} %."
    assert judgement.evidence == (sentence.format(*loss, *(100 * share for share in accuracy)),)
    assert judgement.verdict == verdict


@pytest.mark.parametrize(
    ("token", "position", "verdict", "where"),
    [
        (0.50, 0.69, "consistent", "between the two, or within 0.03"),  # 0.71 to 0.76 is reported
        (0.50, 0.67, "contradicted", "above both"),
        (0.78, 0.90, "consistent", "between the two, or within 0.03"),
        (0.90, 0.80, "contradicted", "below both"),
    ],
)
def test_a_reported_accuracy_has_two_readings(token, position, verdict, where):
    judgement = measured(ACCURACY, token_accuracy=[0, 0, token], position_accuracy=[0, 0, position])
    start = f"The token accuracy of full-lstm is {token:.3f}, its position accuracy {position:.3f}; the reported "
    assert judgement.evidence == (f"{start}figure is {where}.",)
    assert judgement.verdict == verdict


def test_a_claim_holds_if_all_of_its_studies_say_so():
    larger, smaller = [(1, 0.9), (2, 0.8), (3, 1.0)], [(1, 0.1), (2, 0.1), (3, 0.2)]
    holds, fails = (study_of(), rows(larger, smaller)), (study_of(), rows(smaller, larger))
    for studies, verdict in (
        ({"share": holds, "difficulty": holds}, "confirmed"),
        ({"share": holds, "difficulty": fails}, "contradicted"),
        ({"difficulty": holds}, "not yet measured"),
    ):
        judgement = claim(replace(results(), studies=studies), "… because 20,000 rows are a larger share")
        assert judgement.verdict == verdict


def test_claims_name_studies_that_there_are():
    named = [rule for _, rule, _ in claims.CLAIMS if isinstance(rule, tuple)]
    assert len(named) > 7
    assert {name for names in named for name in names} <= set(design.read(ROOT / "studies.yaml"))


def test_two_datasets_are_compared_by_welch_over_seeds_and_over_draws():
    """Over seeds the error is 0.01291, with 2.94 degrees of freedom."""
    over_seeds = repeated()
    metrics = over_seeds.metrics.assign(dataset=["single_digit", "single_digit", "two_digit"])
    judgement = claim(replace(over_seeds, metrics=metrics), "Two-digit answers")
    assert judgement.verdict == "confirmed"
    assert judgement.evidence[0] == (
        "Over 3 seeds single_digit-lstm answers 72.0 ± 2.0 % of its held-out rows correctly, full-lstm 6.0 ± 1.0 % "
        "(+66.0 ± 4.2 points)."
    )
    assert judgement.evidence[1].startswith("Over 3 draws single_digit-lstm answers 70.0 ± 10.0 %")


@pytest.mark.parametrize(
    ("loss", "accuracy", "verdict"),
    [
        ([1.0] * 15, [0.9] * 15, "confirmed"),
        ([1.0] * 5 + [1.2] * 5 + [1.0] * 5, [0.9] * 15, "contradicted"),
        ([1.0] * 15, [0.9] * 5 + [0.8] * 5 + [0.9] * 5, "contradicted"),
        ([1.0, 1.2, 0.8, 1.2, 0.8, 1.2, 1.0, 0.8, 0.8, 1.2, *[1.0] * 5], [0.9] * 15, "within chance"),
    ],
)
def test_cells_are_equal_if_the_interval_lies_within(loss, accuracy, verdict):
    over_seeds = repeated({**OWN, "loss": [loss[0], loss[5], loss[10]]}, loss=loss, token_accuracy=accuracy)
    assert claim(over_seeds, EQUAL).verdict == verdict


def test_a_gap_is_above_zero_over_seeds_and_draws():
    judgement = claim(repeated(), GAP)
    assert judgement.verdict == "confirmed"
    assert judgement.evidence[0].startswith("Over 3 seeds the loss is 0.940 on held-out rows and 0.840 on training")
    noisy = [0.9] * 10 + [0.8, 1.1, 0.93, 0.9, 1.1]
    assert claim(repeated(train_loss=noisy), GAP).verdict == "within chance"


@pytest.mark.parametrize(
    ("shares", "verdict"),
    [
        ([0.99, 0.98, 1.0], "confirmed"),
        ([0.5, 0.6, 0.4], "contradicted"),
        ([0.99, 0.97, 0.7], "within chance"),
        ([0.99, 0.98, None], "confirmed"),  # one loss does not fall: by the curve of this page's network
    ],
)
def test_an_early_fall_is_judged_over_the_seeds(shares, verdict):
    """Four epochs of each seed of full-lstm: from 2 to 1, this share of it in the second epoch."""
    over_seeds, curves = repeated(), []
    for point, share in zip(over_seeds.repeated[FULL].seeds["point"], shares, strict=True):
        losses = [1.0, 2.0, 2.0, 2.0] if share is None else [2.0, 2.0 - share, 1.0, 1.0]
        curves += [{"point": point, "epoch": epoch, "valid_loss": loss} for epoch, loss in enumerate(losses, start=1)]
    own = pd.DataFrame({"run": FULL, "valid_loss": [2.0, 1.0, 1.0, 1.0]})
    judgement = claim(replace(over_seeds, seed_curves=pd.DataFrame(curves), curves=own), EARLY)
    assert judgement.verdict == verdict
    assert ("3 seeds" in judgement.evidence[0]) == (None not in shares)


@pytest.mark.parametrize(
    ("accuracy", "verdict"),
    [([0.69, 0.70, 0.71], "consistent"), ([0.90, 0.91, 0.92], "contradicted"), ([0.70, 0.80, 0.90], "within chance")],
)
def test_a_reported_accuracy_is_held_against_another_network(accuracy, verdict):
    """0.71 to 0.76 for full; token and position accuracy are equal here."""
    column = [0.5] * 10 + [*accuracy, *accuracy[1:]]
    assert claim(repeated(token_accuracy=column, position_accuracy=column), ACCURACY).verdict == verdict
