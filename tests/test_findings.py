"""What is told of two runs, and the verdict, against metrics and timings that a person can compare."""

from dataclasses import replace

import pytest

from stages.page import claims
from tests.hand_made import results


def claim(found, start):
    return next(claim for claim in claims.claims(found) if claim.text.startswith(start))


def measured(start, **metrics):
    """What is told, and the verdict, where single_digit-lstm, single_digit-gru and full-lstm have these metrics."""
    found = results()
    judged = claim(replace(found, metrics=found.metrics.assign(**metrics)), start)
    return judged.measured, judged.verdict


@pytest.mark.parametrize("name", ["device", "threads", "processes", "processor"])
def test_seconds_of_different_machines_are_not_compared(name):
    found = results()
    for values, verdict in (([1, 1, 2], "confirmed"), ([1, 2, 1], "not yet measured")):
        timing = found.timing.assign(**{name: values})
        assert claim(replace(found, timing=timing), "A GRU epoch").verdict == verdict


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
    said, verdict = measured("Loss and accuracy", loss=[*loss, 9], token_accuracy=[*accuracy, 0])
    assert verdict == expected
    figures = "loss {:.3f} and {:.3f}, token accuracy {:.3f} and {:.3f} (LSTM and GRU)"
    assert said == figures.format(*loss, *accuracy)


@pytest.mark.parametrize(
    ("loss", "train_loss", "expected"),
    [(1.1, 1.0, "confirmed"), (1.0, 1.1, "contradicted"), (1.0, 1.0, "contradicted")],
)
def test_a_gap_is_a_loss_above_that_of_the_training(loss, train_loss, expected):
    said, verdict = measured("On the full sample there is a gap", loss=[9, 9, loss], train_loss=[9, 9, train_loss])
    assert (said, verdict) == (f"loss {loss:.3f} held out, {train_loss:.3f} in training", expected)
