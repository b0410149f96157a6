"""The report's networks over seeds and draws: their scores, bands and verdicts, from a study made by hand."""

from dataclasses import replace

import pytest

from stages.page import learning, render, scores, seeds
from stages.page.bars import exact_match
from tests import repetitions
from tests.artists import axes, bars, intervals
from tests.hand_made import FULL, GRU, LSTM, results
from tests.repetitions import OWN, claim, repeated


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
    assert scores.scores(found).rows[0][1].below == ("seeds 0.720 ± 0.020",)
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
        ("0.7000", "seeds 0.720 ± 0.020", "draws 0.700 ± 0.100"),
        ("0.7500", "seeds 0.770 ± 0.017", "draws 0.750 ± 0.090"),
        ("0.0500", "seeds 0.060 ± 0.010", "draws 0.050 ± 0.000"),
    ]
    assert "over 3 seeds" in table.caption
    assert "and over 3 draws" in table.caption
    assert "No seeds are shown" not in table.caption


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
    assert ("No seeds are shown for single_digit-lstm: the network of this page" in table.caption) == (not shown)
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
    assert judgement.evidence[0].endswith(" Failed trainings: 1.")
    assert "Failed trainings, which are left out: 1." in scores.scores(found).caption


def test_the_page_shows_them(monkeypatch):
    monkeypatch.setattr(render, "PICTURES", dict.fromkeys(render.PICTURES, ()))  # they take seconds
    page = render.render(replace(repeated(), code={"trainings": "a"}))
    assert "experiment with 3 networks (means over seeds)" in page
    assert ">0.7000<br><small>seeds 0.720 ± 0.020</small><br><small>draws 0.700 ± 0.100</small></td>" in page
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
