"""Claims judged over seeds and draws, from a study made by hand."""

from dataclasses import replace

import pandas as pd
import pytest

from tests.hand_made import FULL
from tests.repetitions import OWN, claim, repeated


def test_two_datasets_are_compared_by_welch_over_seeds_and_over_draws():
    found = repeated()
    both = found.metrics.assign(dataset=["single_digit", "single_digit", "two_digit"])
    judgement = claim(replace(found, metrics=both), "Two-digit answers")
    assert judgement.verdict == "confirmed"
    assert judgement.evidence[0] == (
        "Over 3 seeds single_digit-lstm answers 72.0 ± 2.0 % of its held-out rows correctly, full-lstm 6.0 ± 1.0 % "
        "(+66.0 ± 4.2 points)."
    )  # the error is 0.01291, with 2.94 degrees of freedom
    assert judgement.evidence[1].startswith("Over 3 draws single_digit-lstm answers 70.0 ± 10.0 %")


@pytest.mark.parametrize(
    ("loss", "accuracy", "expected"),
    [
        ([1.0] * 15, [0.9] * 15, "confirmed"),
        ([1.0] * 5 + [1.2] * 5 + [1.0] * 5, [0.9] * 15, "contradicted"),
        ([1.0] * 15, [0.9] * 5 + [0.8] * 5 + [0.9] * 5, "contradicted"),
        ([1.0, 1.2, 0.8, 1.2, 0.8, 1.2, 1.0, 0.8, 0.8, 1.2, *[1.0] * 5], [0.9] * 15, "within chance"),
    ],
)
def test_cells_are_equal_if_the_interval_lies_within(loss, accuracy, expected):
    found = repeated({**OWN, "loss": [loss[0], loss[5], loss[10]]}, loss=loss, token_accuracy=accuracy)
    assert claim(found, "Loss and accuracy").verdict == expected


def test_cells_are_compared_at_the_seeds_that_both_have():
    status = ["done", "done", "not measured: ?"] + ["not measured: ?"] * 2 + ["done", "done", "done"]
    found = repeated(status=[*status, *["not measured: ?"] * 2, *["done"] * 5])
    (evidence,) = claim(found, "Loss and accuracy").evidence
    assert evidence.startswith("Over 2 seeds the loss is 0.29 with the LSTM and 0.235 with the GRU (-0.055 ± ")
    found = repeated(
        status=["done", "done", *["not measured: ?"] * 3, "done", "not measured: ?", "done", *["done"] * 7]
    )
    (evidence,) = claim(found, "Loss and accuracy").evidence  # one seed in common: of one network each
    assert evidence.startswith("The loss is 0.300 with the LSTM and 0.250 with the GRU")


def test_a_gap_is_above_zero_over_seeds_and_draws():
    judgement = claim(repeated(), "On the full sample there is a gap")
    assert judgement.verdict == "confirmed"
    assert judgement.evidence[0].startswith(
        "Over 3 seeds the loss is 0.940 on held-out rows and 0.840 on training rows"
    )
    noisy = [0.9] * 10 + [0.8, 1.1, 0.93, 0.9, 1.1]
    assert claim(repeated(train_loss=noisy), "On the full sample there is a gap").verdict == "within chance"


@pytest.mark.parametrize(
    ("shares", "expected"),
    [
        ([0.99, 0.98, 1.0], "confirmed"),
        ([0.5, 0.6, 0.4], "contradicted"),
        ([0.99, 0.97, 0.7], "within chance"),
        ([0.99, 0.98, None], "confirmed"),  # a loss that does not fall: by the curve of one network
    ],
)
def test_an_early_fall_is_judged_over_the_seeds(shares, expected):
    """Four epochs of each seed of full-lstm: from 2 to 1, this share of it in the second epoch."""
    found, falls = repeated(), []
    for point, share in zip(found.repeated[FULL].seeds["point"], shares, strict=True):
        losses = [1.0, 2.0, 2.0, 2.0] if share is None else [2.0, 2.0 - share, 1.0, 1.0]
        falls += [{"point": point, "epoch": epoch, "valid_loss": loss} for epoch, loss in enumerate(losses, start=1)]
    own = pd.DataFrame({"run": FULL, "valid_loss": [2.0, 1.0, 1.0, 1.0]})
    judgement = claim(replace(found, seed_curves=pd.DataFrame(falls), curves=own), "On the full sample the validation")
    assert judgement.verdict == expected
    assert ("3 seeds" in judgement.evidence[0]) == (None not in shares)


@pytest.mark.parametrize(
    ("token", "expected"),
    [([0.69, 0.70, 0.71], "consistent"), ([0.90, 0.91, 0.92], "contradicted"), ([0.70, 0.80, 0.90], "within chance")],
)
def test_a_reported_accuracy_is_held_against_another_network(token, expected):
    """0.71 to 0.76 for full; the readings are equal here."""
    token = [0.5] * 10 + [*token, *token[1:]]
    found = repeated(token_accuracy=token, position_accuracy=token)
    assert claim(found, "On full the LSTM").verdict == expected
