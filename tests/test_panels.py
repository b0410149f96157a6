"""A study on the page: its drawings, as matplotlib holds them, its table, and what the caption names."""

from dataclasses import replace

import numpy as np
import pandas as pd
from conftest import study_of

from stages.page import panels, render
from stages.page.style import COLOURS, MARKERS
from tests.artists import intervals, names
from tests.hand_made import results
from tests.study_rows import rows

LEFT_OUT = "not measured: about 99 minutes"
POINTS = [{"lr": [0.01, 0.001], "cell": "gru", "seed": 1}]
SEEDS = pd.DataFrame({"lr": [2] * 3 + [8], "seed": [1, 2, 3, 1], "loss": [0.9, 0.2, 0.1, 0.6], "rows": 10}).assign(
    exact_match=[0.5, 0.4, 0.0, 0.8], cell="gru", status="done", point="p", unsteadiness=1.0, commit=None
)


def panel(measure, by, table=SEEDS):
    """The panel that shows a measure, and its axes."""
    (shown,) = panels.picture("x", (study_of(points=POINTS, by=by, show=[measure]), table)).panels
    return shown, shown.figure.axes[0]


def points(line):
    return line.get_xydata().round(4).tolist()


def test_a_place_has_a_dot_for_each_seed_and_a_dash_at_their_mean():
    shown, axes = panel("loss", ["lr"])
    dots, dash, dot, own = map(points, axes.lines)
    assert dots == [[0.9, 0], [0.2, 0], [0.1, 0]]
    assert dash == [[0.4, 0]]  # the median is 0.2
    assert dot == own == [[0.6, 1]]
    assert [line.get_marker() for line in axes.lines] == ["o", "|"] * 2
    assert [label.get_text() for label in axes.get_yticklabels()] == ["2", "8"]
    assert not axes.collections  # a loss is no share of rows
    assert axes.get_title(loc="left") == "loss"
    assert shown.alt == "loss at lr, mean over networks: 2: 0.4, 8: 0.6."


def test_one_seed_has_the_interval_of_its_rows():
    """8 of 10, by Wilson; three seeds have none."""
    for by, interval in ((["lr"], [[0.4902, 1], [0.9433, 1]]), (["lr", "cell"], [[8, 0.4902], [8, 0.9433]])):
        assert intervals(panel("exact_match", by)[1]) == [interval]


def test_a_curve_goes_through_the_means_of_its_seeds():
    shown, axes = panel("loss", ["lr", "cell"])
    curve, dots, dot = map(points, axes.lines)
    assert curve == [[2, 0.4], [8, 0.6]]
    assert dots == [[2, 0.9], [2, 0.2], [2, 0.1]]
    assert dot == [[8, 0.6]]
    assert (axes.get_xscale(), axes.get_xlabel(), axes.get_xticks().tolist()) == ("log", "lr", [2, 8])
    assert shown.alt == "loss at lr, cell, mean over networks: 2, gru: 0.4, 8, gru: 0.6."
    _, axes = panel("loss", ["lr", "cell"], SEEDS.assign(status=["done"] * 3 + ["train: valid_loss is nan"]))
    assert axes.lines[0].get_xdata().tolist() == [2]  # the other place has only a failed training


def test_each_series_has_its_own_look():
    shown, axes = panel("loss", ["lr", "cell"], SEEDS.assign(cell=["gru", "gru", "gru", "lstm"]))
    curves = {line.get_label(): line for line in axes.lines if line.get_label()[0] != "_"}
    assert {name: points(line) for name, line in curves.items()} == {"cell gru": [[2, 0.4]], "cell lstm": [[8, 0.6]]}
    assert names(shown.figure) == {"cell gru": COLOURS[0], "cell lstm": COLOURS[1]}
    assert [line.get_marker() for line in curves.values()] == list(MARKERS[:2])


def test_labels_that_would_touch_are_left_out():
    assert panels._apart([5000, 20288, 20566, 21075, 80000]) == [5000, 20288, 80000]
    assert panels._apart([64, 256, 1024]) == [64, 256, 1024]
    assert panels._apart([7]) == [7]


def test_a_study_of_which_nothing_is_measured_has_a_place_on_the_page():
    table = rows([(1, 0.9)], [], status=LEFT_OUT).assign(loss=np.nan, point="p", epochs=np.nan, commit=None)
    for keys in (["lr"], ["lr", "epochs"]):
        assert panels.picture("small", (study_of(by=keys), table)).panels == []
        assert panels.figures("small", (study_of(by=keys), table)).rows == []


def test_the_caption_names_what_failed_and_what_was_left_out():
    table = rows(enumerate([0.9, 0.8, 1.0]), enumerate([0.1, 0.1, 0.2])).assign(point="a point", commit=None)
    table.loc[0, "status"] = "train: valid_loss is nan"
    picture = panels.picture("small", (study_of(show=["unsteadiness"]), table))
    assert picture.caption == "6 trainings. Verdict: within chance. Failed: a point."
    assert "1 never" in {text.get_text() for text in picture.panels[0].figure.axes[0].texts}
    table = rows([(1, 0.9)], [(1, 0.1)], status=LEFT_OUT).assign(point="a point", commit=None)
    picture = panels.picture("small", (study_of(show=["unsteadiness"]), table))
    assert picture.caption == "1 training. Verdict: not yet measured. 0.01: not measured: about 99 minutes."


def test_the_caption_names_the_commits_that_measured():
    table = rows(enumerate([0.9, 0.8]), enumerate([0.1, 0.1])).assign(loss=0.5, point="p")
    left_out = table[:1].assign(status=LEFT_OUT, commit="9999999", lr=0.1)
    commits = ["2222222", "1111111+", "2222222", None]  # the last one is from before commits were recorded
    caption = panels.picture("small", (study_of(), pd.concat([table.assign(commit=commits), left_out]))).caption
    assert caption == (
        f"4 trainings. Verdict: confirmed. Measured with the code of 2222222, 1111111+. 0.1: {LEFT_OUT}."
    )


def test_the_table_has_means_with_their_deviation():
    table = rows(enumerate([0.8, 1.0]), [(1, 0.25)])
    shown = panels.figures("small", (study_of(show=["unsteadiness"]), table))
    assert shown.heads == ["lr", "networks", "unsteadiness of the loss"]
    assert [[cell.text for cell in row] for row in shown.rows] == [["0.01", "2", "0.9 ± 0.14"], ["0.001", "1", "0.25"]]


def test_a_study_on_the_page(monkeypatch):
    monkeypatch.setattr(render, "PICTURES", dict.fromkeys(render.PICTURES, ()))  # they take seconds
    page = render.render(replace(results(), studies={"speed": (study_of(question="How fast?", show=["loss"]), SEEDS)}))
    section = page.partition('<section id="studies"')[2].partition("</section>")[0]
    assert all(text in section for text in ("How fast?", 'id="study-speed"', "reports/studies/speed.csv has every row"))
    assert ">0.4 ± 0.44</td>" in section  # the deviation of 0.9, 0.2 and 0.1 is 0.436
