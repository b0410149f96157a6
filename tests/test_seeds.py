"""The report's networks over seeds and draws: their scores, bands and bars, from a study made by hand."""

from dataclasses import replace

import pytest

from stages.page import learning, render, runs, seeds
from stages.page.bars import exact_match
from tests import repetitions
from tests.artists import axes, bars, intervals
from tests.hand_made import FULL, GRU, LSTM, results
from tests.repetitions import OWN, claim, repeated

NO_TIME = (["done"] * 3 + ["not measured: no time"] * 2) * 3  # three seeds and no draws of each run


def test_seeds_and_draws_are_told_apart_from_one_network_and_from_other_settings():
    by_run = repeated().repeated
    assert list(by_run) == [LSTM, GRU, FULL]
    assert by_run[LSTM].seeds["exact_match"].to_dict() == {42: 0.70, 1: 0.72, 2: 0.74}
    assert by_run[LSTM].draws["exact_match"].to_dict() == {42: 0.70, 1: 0.80, 2: 0.60}
    status = ["done"] * 5 + ["done", *["train: valid_loss is nan"] * 4] + ["done"] * 5
    assert list(repeated(status=status).repeated) == [LSTM, FULL]
    assert list(results().repeated) == []
    entry, table = repetitions.study()
    other = replace(entry, points=[{**point, "lr": 0.1} for point in entry.points])
    assert replace(repeated(), studies={"seeds": (other, table.assign(lr=0.1))}).repeated == {}


def test_the_scores_have_their_mean_and_deviation():
    table = runs.scores(repeated())
    column = table.heads.index("exact match")
    assert [(row[column].text, *row[column].below) for row in table.rows] == [
        ("0.7000", "seeds 0.720 ± 0.020", "draws 0.700 ± 0.100"),
        ("0.7500", "seeds 0.770 ± 0.017", "draws 0.750 ± 0.090"),
        ("0.0500", "seeds 0.060 ± 0.010", "draws 0.050 ± 0.000"),
    ]
    assert "over 3 seeds (initial weights and order of the batches) and over 3 draws (" in table.caption
    ranked = [(FULL, "± 1.0 %, 3 seeds"), (LSTM, "± 2.0 %, 3 seeds"), (GRU, "± 1.7 %, 3 seeds")]
    assert [(run, spread) for run, _, spread in runs.typical(repeated())] == ranked  # the worst first
    assert runs.typical(results())[0] == (LSTM, 0.101, "one network")


@pytest.mark.parametrize(("name", "own", "shown"), [("loss", 0.17, 2), ("exact_match", 0.81, 3)])
def test_repetitions_of_other_settings_are_not_shown(name, own, shown):
    """The seeds of single_digit-lstm are 0.72 ± 0.02: another one lies within 0.72 ± 0.0994."""
    over_seeds = repeated({**OWN, name: [own, *OWN[name][1:]]})
    assert list(over_seeds.repeated) == [LSTM, GRU, FULL][-shown:] == list(over_seeds.bands["run"].unique())
    caption = runs.scores(over_seeds).caption
    assert ("No seeds are shown for single_digit-lstm: the network of this page" in caption) == (shown == 2)
    assert ("single_digit-gru, full-lstm: mean over seeds" in exact_match(over_seeds).caption) == (shown == 2)


def test_a_failed_training_is_counted_and_nothing_is_confirmed():
    status = ["done"] * 5 + ["done", "train: valid_loss is nan", *["done"] * 3] + ["done"] * 5
    over_seeds = repeated(OWN | {"loss": [1.0] * 3}, status=status, loss=1.0, token_accuracy=0.9)
    judgement = claim(over_seeds, "Loss and accuracy")
    assert judgement.verdict == "within chance"
    assert judgement.evidence[0].endswith(" Failed trainings: 1.")
    assert "Failed trainings, which are left out: 1." in runs.scores(over_seeds).caption


def test_the_page_shows_seeds_and_draws(monkeypatch):
    monkeypatch.setattr(render, "PICTURES", dict.fromkeys(render.PICTURES, ()))  # they take seconds
    page = render.render(repeated())
    assert "experiment with 3 networks (means over seeds)" in page
    assert "answers 77.0 % of its held-out rows correctly (± 1.7 %, 3 seeds); the weakest" in page
    assert "Means over seeds and draws together ± standard deviation." in page
    assert "What moves a score more" in page
    assert "What moves a score more" not in render.render(repeated(status=NO_TIME))


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
    assert "0.720 ± 0.020 over 3 seeds, this network 0.708" in picture.panels[0].alt


def test_a_band_spans_the_seeds():
    """Points 0, 1 and 2 are the seeds of the first run; 3 and 4 are draws."""
    over_seeds = repeated()
    own = over_seeds.bands[over_seeds.bands["run"] == LSTM]
    assert own[["epoch", "valid_loss_min", "valid_loss_max"]].to_numpy().tolist() == [[1, 2, 4], [2, 1, 3]]
    overlay = learning.overlay(over_seeds)
    (path,) = axes(overlay)[0].collections[0].get_paths()
    assert {tuple(point) for point in path.vertices.tolist()} == {(1, 2), (1, 4), (2, 1), (2, 3)}
    assert "A band is the range over the seeds" in overlay.caption
    assert all(drawn.get_ylim()[1] > 14.0 for drawn in axes(learning.loss(over_seeds)))  # full-lstm's band is inside
