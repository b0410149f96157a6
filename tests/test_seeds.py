"""The report's networks over seeds and draws: their scores, bands and verdicts, from a study made by hand."""

from dataclasses import replace

import pandas as pd
import pytest

from stages.page import claims, learning, render, scores, seeds
from stages.page.bars import exact_match
from tests import repetitions
from tests.artists import axes, bars, intervals
from tests.hand_made import FULL, GRU, LSTM, results

OWN = {"exact_match": [0.70, 0.75, 0.05], "loss": [0.30, 0.25, 0.95]}  # of the first point of each run


def repeated(metrics=OWN, **changes):
    found, study = results(), repetitions.study(**changes)
    metrics = found.metrics.assign(**metrics)
    return replace(found, studies={"seeds": study}, seed_curves=repetitions.curves(), metrics=metrics)


def claim(found, start):
    return next(one for one in claims.claims(found) if one.text.startswith(start)).judgement


def test_seeds_and_draws_are_told_apart():
    found = repeated().repeated
    assert list(found) == [LSTM, GRU, FULL]
    assert found[LSTM].seeds["exact_match"].to_dict() == {42: 0.70, 1: 0.72, 2: 0.74}
    assert found[LSTM].draws["exact_match"].to_dict() == {42: 0.70, 1: 0.80, 2: 0.60}


def test_a_run_with_one_network_is_not_repeated():
    status = ["done"] * 5 + ["done", *["train: valid_loss is nan"] * 4] + ["done"] * 5
    assert list(repeated(status=status).repeated) == [LSTM, FULL]
    assert list(results().repeated) == []


def test_a_study_with_other_keys_has_no_repetitions():
    """Rows of another learning rate are not the run's."""
    entry, table = repetitions.study()
    other = replace(entry, points=[{**point, "lr": 0.1} for point in entry.points])
    assert replace(repeated(), studies={"seeds": (other, table.assign(lr=0.1))}).repeated == {}


def test_draws_may_be_missing():
    status = (["done"] * 3 + ["not measured: no time"] * 2) * 3
    found = repeated(status=status)
    assert scores.scores(found).rows[0][1].below == ("seeds 0.7200 ± 0.0200",)
    assert scores.scores(found).caption.startswith(
        "The network of this page; below it mean ± standard deviation over 3 seeds (initial weights and order of the "
        "batches), from the study “seeds”. Seconds"
    )
    assert seeds.causes([*found.repeated.values()]) == []
    assert len(claim(found, "On the full sample there is a gap").evidence) == 1


def test_the_scores_have_their_mean_and_deviation():
    table = scores.scores(repeated())
    column = table.heads.index("exact match")
    assert [(row[column].text, *row[column].below) for row in table.rows] == [
        ("0.7000", "seeds 0.7200 ± 0.0200", "draws 0.7000 ± 0.1000"),
        ("0.7500", "seeds 0.7700 ± 0.0173", "draws 0.7500 ± 0.0900"),
        ("0.0500", "seeds 0.0600 ± 0.0100", "draws 0.0500 ± 0.0000"),
    ]
    assert "over 3 seeds" in table.caption
    assert "and over 3 draws" in table.caption
    assert "not shown" not in table.caption


@pytest.mark.parametrize(
    ("name", "own", "shown"),
    [
        ("exact_match", 0.72, True),
        ("exact_match", 0.81, True),  # the seeds are 0.72 ± 0.02: another one lies within 0.72 ± 0.0994
        ("exact_match", 0.83, False),
        ("loss", 0.17, False),
    ],
)
def test_repetitions_of_other_settings_are_not_shown(name, own, shown):
    found = repeated({**OWN, name: [own, *OWN[name][1:]]})
    assert (LSTM in found.repeated) == shown
    table = scores.scores(found)
    assert ("The seeds of single_digit-lstm are not shown" in table.caption) == (not shown)
    assert bool(table.rows[0][1].below) == shown
    if not shown:
        assert (LSTM, OWN["exact_match"][0] if name == "loss" else own, "one network") in scores.typical(found)
        assert "single_digit-gru, full-lstm: mean over seeds" in exact_match(found).caption
        assert LSTM not in set(found.bands["run"])


def test_a_failed_training_is_counted_and_nothing_is_confirmed():
    status = ["done"] * 5 + ["done", "train: valid_loss is nan", *["done"] * 3] + ["done"] * 5
    entry, table = repetitions.study(status=status)
    found = replace(repeated(), studies={"seeds": (entry, table.assign(loss=1.0, token_accuracy=0.9))})
    found = replace(found, metrics=found.metrics.assign(loss=1.0))
    judgement = claim(found, "Loss and accuracy")
    assert judgement.verdict == "within chance"
    assert "1 of its trainings failed and are left out." in scores.scores(found).caption


def test_the_page_shows_them(monkeypatch):
    monkeypatch.setattr(render, "PICTURES", dict.fromkeys(render.PICTURES, ()))  # they take seconds
    page = render.render(replace(repeated(), code={"trainings": "a"}))
    assert "experiment with 3 networks (means over seeds)" in page
    assert ">0.7000<br><small>seeds 0.7200 ± 0.0200</small><br><small>draws 0.7000 ± 0.1000</small></td>" in page
    assert "answers 77.0 % of its held-out rows correctly (± 1.7 %, 3 seeds); the weakest" in page
    assert "What moves a score more" in page
    assert "Means over seeds and draws together ± standard deviation." in page
    status = (["done"] * 3 + ["not measured: no time"] * 2) * 3
    page = render.render(replace(repeated(status=status), code={"trainings": "a"}))
    assert "What moves a score more" not in page


def test_the_best_and_the_worst_are_means():
    assert scores.typical(repeated()) == [
        (FULL, pytest.approx(0.06), "± 1.0 %, 3 seeds"),
        (LSTM, pytest.approx(0.72), "± 2.0 %, 3 seeds"),
        (GRU, pytest.approx(0.77), "± 1.7 %, 3 seeds"),
    ]
    assert scores.typical(results())[0] == (LSTM, 0.101, "one network")


def test_which_of_the_two_causes_more():
    """5 and 5.196 times as much; a deviation of 0, of the draws of full-lstm, has no logarithm."""
    first, *_, last = seeds.causes([*repeated().repeated.values()])
    assert first.startswith("Exact match: over draws the standard deviation is 5.1 times that over seeds (")
    assert first.endswith(", 2 runs): the draw moves it more.")
    assert last.endswith("a standard deviation of 0.5 to 1.1 points (binomial).")  # 0.05 and 0.6 of 2,000 rows


def test_a_bar_is_the_mean_of_the_seeds():
    picture = exact_match(repeated())
    (drawn,) = axes(picture)
    assert bars(drawn) == pytest.approx({LSTM: 0.72, GRU: 0.77, FULL: 0.06})
    assert intervals(drawn)[0] == [[0.70, 0], [0.74, 0]]
    assert [line.get_xdata()[0] for line in drawn.lines] == pytest.approx([17 / 24, 13 / 25, 0.7])  # this page's
    assert drawn.texts[0].get_text() == "0.720 ± 0.020"
    assert "0.720 ± 0.020 over 3 seeds, this network 0.708" in picture.panels[0].alt


def test_a_band_spans_the_seeds():
    """Points 0, 1 and 2 are the seeds of the first run; 3 and 4 are draws."""
    found = repeated()
    own = found.bands[found.bands["run"] == LSTM]
    assert own[["epoch", "valid_loss_min", "valid_loss_max"]].to_numpy().tolist() == [[1, 2, 4], [2, 1, 3]]
    drawn = axes(learning.overlay(found))[0]
    (path,) = drawn.collections[0].get_paths()
    assert {tuple(point) for point in path.vertices.tolist()} == {(1, 2), (1, 4), (2, 1), (2, 3)}
    assert "A band is the range over the seeds" in learning.overlay(found).caption
    for axis in axes(learning.loss(found)):
        assert axis.get_ylim()[1] > 14.0  # the highest band, of full-lstm, is inside
    assert "band" not in learning.overlay(results()).caption


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


def test_seconds_are_compared_seed_by_seed_on_one_machine():
    judgement = claim(repeated(), "A GRU epoch")
    assert judgement.evidence == ("On single_digit an epoch takes 0.75 ± 0.00 times as long with the GRU (3 seeds).",)
    assert judgement.verdict == "confirmed"
    threads = [2] * 5 + [1] * 10
    assert "seeds" not in claim(repeated(threads=threads), "A GRU epoch").evidence[0]  # by the pipeline's own timing


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
