"""Answers character by character, against counts by hand."""

import pandas as pd

from stages.arithmetic.work import by_place, digits


def answers(*pairs):
    return pd.DataFrame(pairs, columns=["tgt", "predicted"])


def test_places_by_hand():
    found = by_place(answers((12, "13"), (-4, "-")).set_axis([7, 5]))
    assert found.index.tolist() == [7, 7, 7, 5, 5, 5]
    assert found["place"].tolist() == [1, 2, 3, 1, 2, 3]
    assert found["right"].tolist() == ["1", "2", "end", "-", "4", "end"]
    assert found["predicted"].tolist() == ["1", "3", "end", "-", "end", "end"]
    assert found["correct"].tolist() == [True, False, True, True, False, True]


def test_digits_by_hand():
    found = digits(answers((3, "3"), (12, "13"), (25, "2"), (3, "3"), (-4, "-44"), (-1, "")))
    assert found.to_dict("split")["data"] == [
        ["-", "-", 1, 0.5],
        ["-", "end", 1, 0.5],
        ["1", "1", 1, 0.5],
        ["1", "end", 1, 0.5],
        ["2", "2", 1, 0.5],
        ["2", "3", 1, 0.5],
        ["3", "3", 2, 1],
        ["4", "4", 1, 1],
        ["5", "end", 1, 1],
        ["end", "4", 1, 1 / 6],
        ["end", "end", 5, 5 / 6],
    ]
    assert found.columns.tolist() == ["right", "predicted", "count", "share"]


def test_nothing_right_at_all():
    """Like an untrained network that writes its end mark at once."""
    assert digits(answers((7, ""), (7, ""))).to_dict("split")["data"] == [["7", "end", 2, 1], ["end", "end", 2, 1]]
