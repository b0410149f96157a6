"""What is drawn of learning: bars, curves and their looks, as matplotlib holds them, against results made by hand."""

import pytest
from matplotlib.colors import to_rgba

from stages.page import learning, style
from stages.page.bars import exact_match
from stages.page.style import COLOURS, DASHES, MARKERS
from tests.artists import axes, bars, intervals, lines, names
from tests.hand_made import FULL, GRU, LSTM, results

FIRST, SECOND = COLOURS[:2]


def test_a_colour_is_a_dataset_and_a_line_is_a_cell():
    assert results().lines == {
        LSTM: {"color": FIRST, "linestyle": DASHES[0]},
        GRU: {"color": FIRST, "linestyle": DASHES[1]},
        FULL: {"color": SECOND, "linestyle": DASHES[0]},
    }
    looks = results().points
    assert [looks[run]["marker"] for run in (LSTM, GRU, FULL)] == list(MARKERS[:3])
    assert [looks[run].get("markerfacecolor") for run in (LSTM, GRU, FULL)] == [None, "none", None]  # hollow: a GRU
    assert {run: (look["color"], look["linestyle"]) for run, look in looks.items()} == {
        run: (look["color"], look["linestyle"]) for run, look in results().lines.items()
    }
    assert [results().marks[name]["color"] for name in ("single_digit", "full")] == [FIRST, SECOND]


def test_looks_are_told_apart():
    for looks in (COLOURS, DASHES, MARKERS):
        assert len(set(looks)) == len(looks)
    assert DASHES[0] == "-"  # filled bars and markers are those of the full line


def test_exact_match_has_a_bar_for_each_run():
    picture = exact_match(results())
    (drawn,) = axes(picture)
    assert bars(drawn) == {LSTM: 17 / 24, GRU: 13 / 25, FULL: 7 / 10}
    assert [bar.get_linestyle() for bar in drawn.patches[1::2]] == [DASHES[0], DASHES[1], DASHES[0]]
    assert [bar.get_edgecolor() for bar in drawn.patches[1::2]] == [to_rgba(c) for c in (FIRST, FIRST, SECOND)]
    assert [bar.get_facecolor() for bar in drawn.patches[::2]] == [
        to_rgba(FIRST, 0.85),
        to_rgba(FIRST, 0.3),
        to_rgba(SECOND, 0.85),
    ]
    assert intervals(drawn) == [[[0.5083, 0], [0.8509, 0]], [[0.335, 1], [0.6997, 1]], [[0.3968, 2], [0.8922, 2]]]
    assert [(text.get_text(), text.xy[1]) for text in drawn.texts] == [("0.708", 0), ("0.520", 1), ("0.700", 2)]
    assert drawn.yaxis_inverted()
    assert drawn.get_xlim() == (0, 1.1)
    assert picture.panels[0].alt == (
        "Exact match: single_digit-lstm 0.708 (0.508 to 0.851), single_digit-gru 0.520 (0.335 to 0.700), "
        "full-lstm 0.700 (0.397 to 0.892)."
    )


@pytest.mark.parametrize(
    ("draw", "training", "validation", "low", "high"),
    [
        (learning.loss, [[2, 1], [1.9, 0.9], [2.2]], [[1.8, 1.2], [1.7, 1.1], [2.1]], 0.9, 2.2),
        (learning.accuracy, [[0.1, 0.2], [0.12, 0.22], [0.05]], [[0.3, 0.5], [0.32, 0.52], [0.07]], 0.05, 0.52),
    ],
)
def test_each_run_has_its_training_and_its_validation(draw, training, validation, low, high):
    picture = draw(results())
    for drawn, run, one, two, panel in zip(
        axes(picture), (LSTM, GRU, FULL), training, validation, picture.panels, strict=True
    ):
        assert drawn.get_title(loc="left") == run
        assert [line.get_ydata().tolist() for line in drawn.lines] == [one, two]
        assert [line.get_xdata().tolist() for line in drawn.lines] == [[1, 2][: len(one)]] * 2
        assert drawn.lines[0].get_linewidth() < drawn.lines[1].get_linewidth()
        assert {line.get_color() for line in drawn.lines} == {SECOND if run == FULL else FIRST}
        assert {line.is_dashed() for line in drawn.lines} == {run == GRU}
        last = {"training": one[-1], "held out": two[-1]}
        assert by_height(drawn) == sorted(last, key=last.get)
        margin = 0.05 * (high - low)
        assert drawn.get_ylim() == pytest.approx((low - margin, high + margin))  # of all runs, so that they compare
        told = ", ".join(f"{part} from {y[0]:.2f} to {y[-1]:.2f}" for part, y in zip(last, (one, two), strict=True))
        assert panel.alt.endswith(f"over {len(one)} epochs: {told}.")


def by_height(drawn):
    return [text.get_text() for text in sorted(drawn.texts, key=lambda text: text.xy[1])]


def test_all_runs_together():
    picture = learning.overlay(results())
    columns = {
        "held out, cross-entropy, nats per token": [[1.8, 1.2], [1.7, 1.1], [2.1]],
        "held out, share of correct tokens": [[0.3, 0.5], [0.32, 0.52], [0.07]],
        "held out, share of correct answers": [[0.05, 0.15], [0.06, 0.16], [0.01]],
    }
    for drawn, (title, curves) in zip(axes(picture), columns.items(), strict=True):
        assert drawn.get_title(loc="left") == title
        assert [line.get_ydata().tolist() for line in drawn.lines] == curves
        assert [line.get_color() for line in drawn.lines] == [FIRST, FIRST, SECOND]
        assert [line.is_dashed() for line in drawn.lines] == [False, True, False]
        assert [line.get_marker() for line in drawn.lines] == ["None", "None", "o"]  # one epoch is a point
        last = dict(zip((LSTM, GRU, FULL), (curve[-1] for curve in curves), strict=True))
        assert by_height(drawn) == sorted(last, key=last.get)
        assert {text.get_text(): text.get_color() for text in drawn.texts} == {LSTM: FIRST, GRU: FIRST, FULL: SECOND}
    assert picture.panels[0].alt.endswith(
        ": single_digit-lstm ends at 1.200, single_digit-gru ends at 1.100, full-lstm ends at 2.100."
    )
    assert "A colour is a dataset; a full line LSTM, a dashed one GRU." in picture.caption
    assert picture.caption.endswith("One network for each run: another seed may give another curve.")


def test_lstm_against_gru_is_of_the_two_that_differ_in_the_cell():
    picture = learning.cells(results())
    loss, accuracy, seconds = axes(picture)
    assert [line.get_ydata().tolist() for line in loss.lines] == [[1.8, 1.2], [1.7, 1.1]]
    assert [line.get_ydata().tolist() for line in accuracy.lines] == [[0.3, 0.5], [0.32, 0.52]]
    assert bars(seconds) == {LSTM: 30, GRU: 24}
    assert [text.get_text() for text in seconds.texts] == ["30.0 s", "24.0 s"]
    assert [one.get_title(loc="left") for one in (loss, accuracy, seconds)] == [
        "single_digit: loss",
        "single_digit: token accuracy",
        "single_digit: seconds",
    ]


def test_a_legend_names_each_line_with_its_look():
    figure, drawn = style.drawing("")
    for name, look in {"one": {"color": FIRST}, "two": {"color": SECOND, "linestyle": "--"}}.items():
        drawn.plot([0, 1], [0, 1], label=name, **look)
    style.legend(figure)
    assert names(figure) == {"one": FIRST, "two": SECOND}
    assert list(lines(drawn)) == ["one", "two"]
