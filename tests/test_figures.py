"""The pictures of datasets, learning, failures and certainty, as matplotlib holds them, against countable results."""

import pytest
from matplotlib.colors import to_hex, to_rgba

from stages.page import certainty, datasets, failures, learning
from stages.page.bars import exact_match
from stages.page.style import COLOURS, DASHES, MARKERS
from tests.artists import axes, bars, intervals, lines, names
from tests.hand_made import FULL, GRU, LSTM, results

FIRST, SECOND = COLOURS[:2]
RUNS = LSTM, GRU, FULL
NO = None  # a kind of answers of which a run has fewer than five
THREE = NO, NO, NO


def x_labels(drawn):
    return [label.get_text() for label in drawn.get_xticklabels()]


def looks(drawn):
    """Colour of each line, and whether it is dashed."""
    return [(line.get_color(), line.is_dashed()) for line in drawn.lines]


def test_a_colour_is_a_dataset_a_line_is_a_cell_and_a_marker_is_a_run():
    drawn = results()
    lined = (FIRST, DASHES[0]), (FIRST, DASHES[1]), (SECOND, DASHES[0])
    assert [(drawn.lines[run]["color"], drawn.lines[run]["linestyle"]) for run in RUNS] == [*lined]
    assert [drawn.points[run]["marker"] for run in RUNS] == list(MARKERS[:3])
    assert [drawn.points[run].get("markerfacecolor") for run in RUNS] == [None, "none", None]  # a GRU's is hollow


@pytest.mark.parametrize(
    ("draw", "single_digit", "full", "told"),  # the points in the last panel
    [
        (datasets.templates, [[0.75, 0], [0.25, 2]], [[0.75, 1], [0.25, 2]], "25.00% to 75.00%."),
        (datasets.operands, [[1, 0.5], [2, 0.125], [4, 0.375]], [[3, 1]], "from 3 to 3, most often 3."),
        (
            datasets.lengths,
            *([[1, 0.625], [2, 0.25], [3, 0.125]], [[1, 0.25], [2, 0], [3, 0.75]], "from 1 to 3, most often 3."),
        ),
        (
            datasets.answers,  # at -99…-10, -9…-1, 0, 1…9, 10…99, 100…999
            [[0, 0.125], [1, 0.125], [2, 0.25], [3, 0.375], [4, 0.125]],
            *([[3, 0.25], [5, 0.75]], "from 1…9 to 100…999, most often 100…999."),
        ),
    ],
)
def test_datasets_are_shares_of_all_expressions(draw, single_digit, full, told):
    panel = draw(results()).panels[-1]
    assert lines(panel.figure.axes[0]) == {"single_digit": single_digit, "full": full}
    assert names(panel.figure) == {"single_digit": FIRST, "full": SECOND}
    assert panel.alt.endswith(f"full {told}")


def test_exact_match_has_a_bar_for_each_run():
    picture = exact_match(results())
    (drawn,) = axes(picture)
    assert bars(drawn) == {LSTM: 17 / 24, GRU: 13 / 25, FULL: 7 / 10}
    fills, frames = drawn.patches[::2], drawn.patches[1::2]
    assert [bar.get_linestyle() for bar in frames] == [DASHES[0], DASHES[1], DASHES[0]]
    shades = (FIRST, 0.85), (FIRST, 0.3), (SECOND, 0.85)
    assert [bar.get_facecolor() for bar in fills] == [to_rgba(*shade) for shade in shades]
    assert intervals(drawn) == [[[0.5083, 0], [0.8509, 0]], [[0.335, 1], [0.6997, 1]], [[0.3968, 2], [0.8922, 2]]]
    assert [(text.get_text(), text.xy[1]) for text in drawn.texts] == [("0.708", 0), ("0.520", 1), ("0.700", 2)]
    assert picture.panels[0].alt.startswith("Exact match: single_digit-lstm 0.708 (0.508 to 0.851), single_digit-gru ")


@pytest.mark.parametrize(
    ("draw", "training", "validation", "scale"),
    [
        (learning.loss, [[2, 1], [1.9, 0.9], [2.2]], [[1.8, 1.2], [1.7, 1.1], [2.1]], (0.835, 2.265)),
        (learning.accuracy, [[0.1, 0.2], [0.12, 0.22], [0.05]], [[0.3, 0.5], [0.32, 0.52], [0.07]], (0.0265, 0.5435)),
    ],
)
def test_each_run_has_its_training_and_its_validation_curve(draw, training, validation, scale):
    picture = draw(results())
    for drawn, run, *curves in zip(axes(picture), RUNS, training, validation, strict=True):
        assert drawn.get_title(loc="left") == run
        assert [line.get_ydata().tolist() for line in drawn.lines] == curves
        assert looks(drawn) == [(SECOND if run == FULL else FIRST, run == GRU)] * 2
        assert drawn.get_ylim() == pytest.approx(scale)  # of all runs, so that they compare
    told = "training from {:.2f} to {:.2f}, held out from {:.2f} to {:.2f}.".format(*training[0], *validation[0])
    assert picture.panels[0].alt.endswith(f"over 2 epochs: {told}")


def test_all_runs_together():
    picture = learning.overlay(results())
    columns = {
        "cross-entropy, nats per token": [[1.8, 1.2], [1.7, 1.1], [2.1]],
        "share of correct tokens": [[0.3, 0.5], [0.32, 0.52], [0.07]],
        "share of correct answers": [[0.05, 0.15], [0.06, 0.16], [0.01]],
    }
    for drawn, (title, curves) in zip(axes(picture), columns.items(), strict=True):
        assert drawn.get_title(loc="left") == f"held out, {title}"
        assert [line.get_ydata().tolist() for line in drawn.lines] == curves
        assert looks(drawn) == [(FIRST, False), (FIRST, True), (SECOND, False)]
        assert [line.get_marker() for line in drawn.lines] == ["None", "None", "o"]  # one epoch is a point
        assert {text.get_text(): text.get_color() for text in drawn.texts} == {LSTM: FIRST, GRU: FIRST, FULL: SECOND}
    assert picture.panels[0].alt.endswith(" single_digit-gru ends at 1.100, full-lstm ends at 2.100.")
    assert "A colour is a dataset; a full line LSTM, a dashed one GRU." in picture.caption


def test_lstm_against_gru_is_of_the_two_that_differ_in_the_cell():
    loss, accuracy, seconds = axes(learning.cells(results()))
    assert [line.get_ydata().tolist() for line in loss.lines] == [[1.8, 1.2], [1.7, 1.1]]
    assert [line.get_ydata().tolist() for line in accuracy.lines] == [[0.3, 0.5], [0.32, 0.52]]
    assert bars(seconds) == {LSTM: 30, GRU: 24}


@pytest.mark.parametrize(
    ("draw", "labels", "lstm", "gru", "full"),  # the share of correct answers of each run at each label
    [
        (failures.answer_length, "1, 2, 3", [4 / 5, 9 / 15, NO], [1, 5 / 15, 3 / 5], [NO, 7 / 10, NO]),
        # The end mark of 0 is in place 2; in place 1 of 15 the answers 16 and 1 are right
        (failures.position, "1, 2, 3, 4", [19 / 24, 18 / 24, 1, NO], [1, 13 / 25, 1, 1], [7 / 10, 1, 1, NO]),
        (failures.sign, "below 0, 0, above 0", [1 / 5, 4 / 5, 12 / 14], [0, 1, 8 / 15], [NO, NO, 7 / 10]),
        (failures.carry, "neither, carry, borrow, both", [0.2, 0.8, NO, NO], [0, 0.5, NO, NO], [NO, NO, 0.4, 1]),
        (failures.product_size, "none, zero, 1, 2, 3", [0.6, 0.8, *THREE], [1 / 3, 1, NO, NO, 0.6], [0.7, NO, *THREE]),
    ],
)
def test_shares_of_correct_answers_by_kind(draw, labels, lstm, gru, full):
    labels, shares = labels.split(", "), (lstm, gru, full)
    picture = draw(results())
    (drawn,) = axes(picture)
    assert x_labels(drawn) == labels
    points = [  # moved apart, so that the intervals do not hide each other
        [[round(place + shift, 4), round(share, 4)] for place, share in enumerate(own) if share is not NO]
        for own, shift in zip(shares, (-0.08, 0, 0.08), strict=True)
    ]
    assert lines(drawn) == dict(zip(RUNS, points, strict=True))
    assert names(picture.panels[0].figure) == {LSTM: FIRST, GRU: FIRST, FULL: SECOND}
    joined = draw not in (failures.sign, failures.carry)
    assert [line.get_linestyle() for line in drawn.lines] == (["-", "--", "-"] if joined else ["None"] * 3)
    told = ", ".join(f"{kind}: {share:.2f}" for kind, share in zip(labels, shares[0], strict=True) if share is not NO)
    assert f"{LSTM} {told}; " in picture.panels[0].alt


def test_the_square_of_products():
    """Rows are a, columns b; 0*1 is right. Of single_digit are 0*1 and 1*1, of full is 1*0."""
    picture = failures.products(results())
    squares = [[0, 3], [0, 2]], [[0, 3], [0, 2]], [[0, 1], [2, 0]]
    for drawn, square, colour in zip(axes(picture), squares, (FIRST, FIRST, SECOND), strict=True):
        (image,) = drawn.images
        assert image.get_array().tolist() == square
        assert (drawn.get_xlabel(), drawn.get_ylabel(), image.origin) == ("b", "a", "lower")
        assert to_hex(image.cmap(image.norm(3))) == colour
    assert picture.panels[2].alt == f"{FULL}: 0 of 1 products of its own dataset correct, 1 of 3 others."


def test_reliability():
    """Bins of four answers are not drawn, but count in the error: (10 * 0.15 + 5 * 0.1 + 5 * 0.3 + 4 * 0.35) / 24."""
    picture = certainty.reliability(results())
    points = [[0.3, 0.2], [0.5, 0.8], [0.95, 0.8]], [[0.1, 0], [0.7, 0.5333], [0.9, 1]], [[0.4, 0.7]]
    titles = [f"{LSTM}: error 0.204", f"{GRU}: error 0.140", f"{FULL}: error 0.300"]
    assert [drawn.get_title(loc="left") for drawn in axes(picture)] == titles
    for drawn, own in zip(axes(picture), points, strict=True):
        ideal, line = drawn.lines
        assert ideal.get_xydata().tolist() == [[0, 0], [1, 1]]
        assert line.get_xydata().round(4).tolist() == own
        assert [[low[0], high[0]] for low, high in intervals(drawn)] == [[x, x] for x, _ in own]
    assert intervals(axes(picture)[0])[0] == [[0.3, 0.0362], [0.3, 0.6245]]
    assert picture.panels[0].alt.endswith("0.20 at 0.30, 0.80 at 0.50, 0.80 at 0.95.")
