"""The figures of a study, as matplotlib holds them: dots, means, intervals, and their names."""

from dataclasses import replace

import pandas as pd
import pytest
from conftest import study_of

from stages.page import render
from stages.page import studies as study_figures
from stages.page.style import COLOURS, MARKERS
from tests.artists import names
from tests.hand_made import results

SEEDS = pd.DataFrame({"lr": [2] * 3 + [8], "seed": [1, 2, 3, 1], "loss": [0.9, 0.2, 0.1, 0.6], "rows": 10}).assign(
    exact_match=[0.5, 0.4, 0.0, 0.8], cell="gru", status="done", point="p", unsteadiness=1.0, code=""
)


def panel(measure, by):
    """The panel that shows a measure of SEEDS, and its axes."""
    points = [{"lr": [0.01, 0.001], "cell": "gru", "seed": 1}]
    (shown,) = study_figures.picture("x", (study_of(points=points, by=by, show=[measure]), SEEDS), "").panels
    return shown, shown.figure.axes[0]


def test_a_place_has_a_dot_for_each_seed_and_a_dash_at_their_mean():
    shown, axes = panel("loss", ["lr"])
    dots, dash, dot, own = (line.get_xydata().round(4).tolist() for line in axes.lines)
    assert dots == [[0.9, 0], [0.2, 0], [0.1, 0]]
    assert dash == [[0.4, 0]]  # the median is 0.2
    assert dot == own == [[0.6, 1]]
    assert [line.get_marker() for line in axes.lines] == ["o", "|"] * 2
    assert [label.get_text() for label in axes.get_yticklabels()] == ["2", "8"]
    assert axes.yaxis_inverted()
    assert not axes.collections  # a loss is no share of rows
    assert axes.get_title(loc="left") == "loss"
    assert shown.alt == "loss at lr, mean over networks: 2: 0.4, 8: 0.6."


def test_one_seed_has_the_interval_of_its_rows():
    """8 of 10, by Wilson; three seeds have none."""
    for by, side in (["lr"], 0), (["lr", "cell"], 1):
        _, axes = panel("exact_match", by)
        (bar,) = axes.collections
        ends = bar.get_segments()[0].round(4)
        assert ends[:, side].tolist() == [0.4902, 0.9433]
        assert ends[:, 1 - side].tolist() == ([1, 1] if side == 0 else [8, 8])


def test_a_curve_goes_through_the_means_of_its_seeds():
    shown, axes = panel("loss", ["lr", "cell"])
    curve, dots, dot = axes.lines
    assert curve.get_xydata().round(4).tolist() == [[2, 0.4], [8, 0.6]]
    assert dots.get_xydata().tolist() == [[2, 0.9], [2, 0.2], [2, 0.1]]
    assert dot.get_xydata().tolist() == [[8, 0.6]]
    assert [text.get_text() for text in shown.figure.legends[0].get_texts()] == ["cell gru"]
    assert (axes.get_xscale(), axes.get_xlabel()) == ("log", "lr")
    assert axes.get_xticks().tolist() == [2, 8]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["2", "8"]
    assert shown.alt == "loss at lr, cell, mean over networks: 2, gru: 0.4, 8, gru: 0.6."


def test_a_curve_leaves_out_a_point_with_a_failed_training():
    table = SEEDS.assign(status=["done"] * 3 + ["train: valid_loss is nan"])
    points = [{"lr": [0.01, 0.001], "cell": "gru", "seed": 1}]
    (shown,) = study_figures.picture("x", (study_of(points=points, by=["lr", "cell"], show=["loss"]), table), "").panels
    curve, _ = shown.figure.axes[0].lines
    assert curve.get_xdata().tolist() == [2]


def test_each_series_has_its_own_look():
    table = SEEDS.assign(cell=["gru", "gru", "gru", "lstm"])
    points = [{"lr": 0.01, "cell": "gru"}, {"lr": 0.001, "cell": "lstm"}]
    (shown,) = study_figures.picture("x", (study_of(points=points, by=["lr", "cell"], show=["loss"]), table), "").panels
    curves = {line.get_label(): line for line in shown.figure.axes[0].lines if line.get_label()[0] != "_"}
    assert {name: line.get_xydata()[0].tolist() for name, line in curves.items()} == {
        "cell gru": [2, pytest.approx(0.4)],
        "cell lstm": [8, 0.6],
    }
    assert names(shown.figure) == {"cell gru": COLOURS[0], "cell lstm": COLOURS[1]}
    assert [line.get_marker() for line in curves.values()] == list(MARKERS[:2])


def test_a_study_on_the_page(monkeypatch):
    monkeypatch.setattr(render, "PICTURES", dict.fromkeys(render.PICTURES, ()))  # they take seconds
    tried = study_of(question="How fast?", show=["loss"]), SEEDS
    page = render.render(replace(results(), studies={"speed": tried}, code={"trainings": ""}))
    section = page.partition('<section id="studies"')[2].partition("</section>")[0]
    assert "How fast?" in section
    assert 'id="study-speed"' in section
    assert "reports/studies/speed.csv has every row" in section
    assert ">0.4 ± 0.44</td>" in section  # the deviation of 0.9, 0.2 and 0.1 is 0.436
