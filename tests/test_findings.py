"""The evidence for a claim about two runs, and its verdict, against metrics that a person can compare."""

from dataclasses import replace

import pytest

from stages.page import claims
from tests.hand_made import results


def claim(found, start):
    return next(claim for claim in claims.claims(found) if claim.text.startswith(start))


def measured(start, **metrics):
    """Evidence and verdict if single_digit-lstm, single_digit-gru and full-lstm have these metrics."""
    found = results()
    judgement = claim(replace(found, metrics=found.metrics.assign(**metrics)), start).judgement
    (evidence,) = judgement.evidence
    return evidence, judgement.verdict


@pytest.mark.parametrize("name", ["device", "threads", "processes", "processor"])
def test_seconds_of_different_machines_are_not_compared(name):
    found = results()
    for values, verdict in (([1, 1, 2], "confirmed"), ([1, 2, 1], "not yet measured")):
        timing = found.timing.assign(**{name: values})
        assert claim(replace(found, timing=timing), "A GRU epoch").judgement.verdict == verdict


@pytest.mark.parametrize(
    ("loss", "accuracy", "expected"),
    [
        ([1.0, 0.91], [0.50, 0.519], "confirmed"),  # within 10 % and 0.02
        ([0.91, 1.0], [0.519, 0.50], "confirmed"),
        ([1.0, 0.89], [0.50, 0.50], "contradicted"),
        ([0.89, 1.0], [0.50, 0.50], "contradicted"),
        ([1.0, 1.0], [0.50, 0.521], "contradicted"),
        ([1.0, 1.0], [0.521, 0.50], "contradicted"),
    ],
)
def test_when_cells_are_about_equal(loss, accuracy, expected):
    evidence, verdict = measured("Loss and accuracy", loss=[*loss, 9], token_accuracy=[*accuracy, 0])
    assert verdict == expected
    sentence = "The loss is {:.3f} with the LSTM and {:.3f} with the GRU, the token accuracy {:.1f} % and {:.1f} %."
    assert evidence == sentence.format(*loss, *(100 * share for share in accuracy))


@pytest.mark.parametrize(
    ("loss", "train_loss", "expected"),
    [(1.1, 1.0, "confirmed"), (1.0, 1.1, "contradicted"), (1.0, 1.0, "contradicted")],
)
def test_a_gap_is_a_loss_above_that_of_the_training(loss, train_loss, expected):
    evidence, verdict = measured("On the full sample there is a gap", loss=[9, 9, loss], train_loss=[9, 9, train_loss])
    assert evidence == f"The loss is {loss:.3f} on held-out rows and {train_loss:.3f} on training rows."
    assert verdict == expected


@pytest.mark.parametrize(
    ("token", "position", "expected", "where"),
    [
        (0.60, 0.72, "consistent", "between the two, or within 0.03"),  # around the reported 0.71 to 0.76
        (0.50, 0.69, "consistent", "between the two, or within 0.03"),
        (0.50, 0.67, "contradicted", "above both"),
        (0.78, 0.90, "consistent", "between the two, or within 0.03"),
        (0.80, 0.90, "contradicted", "below both"),
        (0.90, 0.80, "contradicted", "below both"),
    ],
)
def test_a_reported_accuracy_has_two_readings(token, position, expected, where):
    readings = {"token_accuracy": [0, 0, token], "position_accuracy": [0, 0, position]}
    evidence, verdict = measured("On full the LSTM", **readings)
    assert verdict == expected
    assert evidence == (
        f"The token accuracy of full-lstm is {token:.3f}, its position accuracy {position:.3f}; "
        f"the reported figure is {where}."
    )
