"""Pictures of the datasets, of where it fails and of how sure it is, against results that a person can count."""

import pytest
from matplotlib.colors import to_hex

from stages.page import certainty, datasets, failures
from stages.page.style import COLOURS
from tests.artists import axes, intervals, lines, names
from tests.hand_made import FULL, GRU, LSTM, results

FIRST, SECOND = COLOURS[:2]


def x_labels(drawn):
    return [label.get_text() for label in drawn.get_xticklabels()]


def test_templates_are_shares_of_all_expressions():
    picture = datasets.templates(results())
    (drawn,) = axes(picture)
    assert lines(drawn) == {"single_digit": [[0.75, 0], [0.25, 2]], "full": [[0.75, 1], [0.25, 2]]}
    assert [label.get_text() for label in drawn.get_yticklabels()][:4] == ["a+b", "a-b", "a*b", "a+b+c"]
    assert drawn.get_yticks().tolist() == list(range(24))
    assert drawn.yaxis_inverted()
    assert drawn.get_xscale() == "log"
    assert names(picture.panels[0].figure) == {"single_digit": FIRST, "full": SECOND}
    assert picture.panels[0].alt.endswith("single_digit 25.00% to 75.00%; full 25.00% to 75.00%.")


@pytest.mark.parametrize(
    ("draw", "shares", "told"),
    [
        (
            datasets.operands,
            [{"single_digit": [[1, 0.5], [2, 0.125], [4, 0.375]], "full": [[3, 1]]}],
            "single_digit from 1 to 4, most often 1; full from 3 to 3, most often 3.",
        ),
        (
            datasets.lengths,
            [
                {"single_digit": [[3, 0.75], [4, 0], [5, 0.25]], "full": [[4, 1]]},
                {"single_digit": [[1, 0.625], [2, 0.25], [3, 0.125]], "full": [[1, 0.25], [2, 0], [3, 0.75]]},
            ],
            "single_digit from 1 to 3, most often 1; full from 1 to 3, most often 3.",
        ),
        (
            datasets.answers,
            [
                {
                    "single_digit": [[0, 0.125], [1, 0.125], [2, 0.25], [3, 0.375], [4, 0.125]],
                    "full": [[3, 0.25], [5, 0.75]],
                }
            ],
            "single_digit from -99…-10 to 10…99, most often 1…9; full from 1…9 to 100…999, most often 100…999.",
        ),
    ],
)
def test_shares_are_of_the_sum(draw, shares, told):
    picture = draw(results())
    assert [lines(drawn) for drawn in axes(picture)] == shares
    for panel in picture.panels:
        assert names(panel.figure) == {"single_digit": FIRST, "full": SECOND}
        assert panel.figure.axes[0].get_ylim()[0] == 0
    assert picture.panels[-1].alt.endswith(told)


def test_answers_stand_under_their_sign_and_digits():
    (drawn,) = axes(datasets.answers(results()))
    assert x_labels(drawn) == ["-99…-10", "-9…-1", "0", "1…9", "10…99", "100…999"]


# For each run the places of its points, before they are moved apart by 0.08, and the shares there
SHARES = {
    failures.answer_length: (
        ["1", "2", "3"],
        {LSTM: [(0, 4 / 5), (1, 9 / 15)], GRU: [(0, 1), (1, 5 / 15), (2, 3 / 5)], FULL: [(1, 7 / 10)]},
    ),
    failures.position: (  # the end mark of 0 is in place 2; in place 1 of 15 the answers 16 and 1 are right
        ["1", "2", "3", "4"],
        {
            LSTM: [(0, 19 / 24), (1, 18 / 24), (2, 19 / 19)],
            GRU: [(0, 25 / 25), (1, 13 / 25), (2, 20 / 20), (3, 5 / 5)],
            FULL: [(0, 7 / 10), (1, 10 / 10), (2, 10 / 10)],
        },
    ),
    failures.sign: (
        ["below 0", "0", "above 0"],
        {
            LSTM: [(0, 1 / 5), (1, 4 / 5), (2, 12 / 14)],
            GRU: [(0, 0), (1, 5 / 5), (2, 8 / 15)],
            FULL: [(2, 7 / 10)],
        },
    ),
    failures.carry: (
        ["neither", "carry", "borrow", "both"],
        {LSTM: [(0, 1 / 5), (1, 8 / 10)], GRU: [(0, 0), (1, 5 / 10)], FULL: [(2, 2 / 5), (3, 5 / 5)]},
    ),
    failures.product_size: (
        ["none", "zero", "1", "2", "3"],
        {LSTM: [(0, 9 / 15), (1, 4 / 5)], GRU: [(0, 5 / 15), (1, 5 / 5), (4, 3 / 5)], FULL: [(0, 7 / 10)]},
    ),
}


@pytest.mark.parametrize("draw", SHARES)
def test_shares_of_right_answers_by_kind(draw):
    labels, shares = SHARES[draw]
    picture = draw(results())
    (drawn,) = axes(picture)
    assert x_labels(drawn) == labels
    moved = {
        run: [[round(place + shift, 4), round(share, 4)] for place, share in shares[run]]
        for run, shift in {LSTM: -0.08, GRU: 0, FULL: 0.08}.items()
    }
    assert lines(drawn) == moved
    assert names(picture.panels[0].figure) == {LSTM: FIRST, GRU: FIRST, FULL: SECOND}
    ends = intervals(drawn)
    assert [low[0] for low, _ in ends] == [place for points in moved.values() for place, _ in points]
    for (low, high), share in zip(ends, (share for points in moved.values() for _, share in points), strict=True):
        assert low[1] <= share <= high[1]
        assert high[1] - low[1] > 0.1
    joined = draw not in (failures.sign, failures.carry)
    assert [line.get_linestyle() for line in drawn.lines] == (["-", "--", "-"] if joined else ["None"] * 3)
    told = ", ".join(f"{labels[place]}: {share:.2f}" for place, share in shares[LSTM])
    assert f"{LSTM} {told}; " in picture.panels[0].alt


def test_the_thin_bars_are_the_intervals_of_the_shares():
    """Of 1 of 5, 4 of 5, 0 of 5 and 5 of 5, by Wilson."""
    ends = [[low, high] for (_, low), (_, high) in intervals(axes(failures.sign(results()))[0])]
    assert ends[:2] == [[0.0362, 0.6245], [0.3755, 0.9638]]
    assert ends[3:5] == [[0, 0.4345], [0.5655, 1]]


def test_the_square_of_products():
    """Rows are a, columns b; 0*1 is right. Of single_digit are 0*1 and 1*1, of full is 1*0."""
    picture = failures.products(results())
    for drawn, square, colour in zip(
        axes(picture), ([[0, 3], [0, 2]], [[0, 3], [0, 2]], [[0, 1], [2, 0]]), (FIRST, FIRST, SECOND), strict=True
    ):
        (image,) = drawn.images
        assert image.get_array().tolist() == square
        assert (drawn.get_xlabel(), drawn.get_ylabel(), image.origin) == ("b", "a", "lower")
        blank, blue, sand, right = (image.cmap(image.norm(kind)) for kind in range(4))
        assert blank[3] == 0
        assert [to_hex(shade) for shade in (blue, sand, right)] == ["#8fb8d0", "#dcc3b2", colour]
    assert [panel.alt for panel in picture.panels] == [
        f"{LSTM}: 1 of 2 products of its own dataset correct, 0 of 2 others.",
        f"{GRU}: 1 of 2 products of its own dataset correct, 0 of 2 others.",
        f"{FULL}: 0 of 1 products of its own dataset correct, 1 of 3 others.",
    ]


def test_reliability():
    """Bins of four answers are not drawn, but count in the error: (10 * 0.15 + 5 * 0.1 + 5 * 0.3 + 4 * 0.35) / 24."""
    picture = certainty.reliability(results())
    points = [
        [[0.3, 0.2], [0.5, 0.8], [0.95, 0.8]],
        [[0.1, 0], [0.7, 0.5333], [0.9, 1]],
        [[0.4, 0.7]],
    ]
    for drawn, own, run, colour in zip(axes(picture), points, (LSTM, GRU, FULL), (FIRST, FIRST, SECOND), strict=True):
        ideal, line = drawn.lines
        assert ideal.get_xydata().tolist() == [[0, 0], [1, 1]]
        assert line.get_xydata().round(4).tolist() == own
        assert (line.get_color(), line.is_dashed()) == (colour, run == GRU)
        assert [[low[0], high[0]] for low, high in intervals(drawn)] == [[x, x] for x, _ in own]
        assert (drawn.get_xlabel(), drawn.get_ylabel()) == ("probability of the answer", "share of correct answers")
    assert intervals(axes(picture)[0]) == [
        [[0.3, 0.0362], [0.3, 0.6245]],
        [[0.5, 0.3755], [0.5, 0.9638]],
        [[0.95, 0.4902], [0.95, 0.9433]],
    ]
    titles = [drawn.get_title(loc="left") for drawn in axes(picture)]
    assert titles == [f"{LSTM}: error 0.204", f"{GRU}: error 0.140", f"{FULL}: error 0.300"]
    assert picture.panels[0].alt.endswith("0.20 at 0.30, 0.80 at 0.50, 0.80 at 0.95.")
