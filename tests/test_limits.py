"""The networks of the whole corpus on the page, against hand-made rows."""

from dataclasses import replace

import pandas as pd
import pytest
from kept_rows import BEYOND, ROW, network

from stages.page import learned, limits
from stages.page.references import OTHERS


@pytest.fixture
def best():
    return network()


def texts(table):
    return [[cell.text for cell in row] for row in table.rows]


def test_what_mistakes_have_in_common(best):
    """4+5= 8 for 9; 4*5*6= 130 for 120; 3-9*9= -7 for -78; 9*9*9= nothing for 729."""
    shares = {
        "a product": 0.75,
        "multiply an intermediate": 0.5,
        "as long": 0.5,  # 8, 130
        "sign": 0.75,  # not the empty one
        "first character": 0.5,  # 130, -7
        "last digit": 0.25,  # 130
        "one wrong character": 0.5,  # 8, 130
        "within 1 %": 0.0,
    }
    for (words, share), known in zip(limits.common(best.mistakes).items(), shares, strict=True):
        assert known in words
        assert share == shares[known]
    table = limits.in_common([best, replace(best, name="without_any", mistakes=best.mistakes[:0])])
    assert table.heads == ["wrong answers", "best", "without any"]
    assert [row[1:] for row in texts(table)[:2]] == [["4", "0"], ["0.7500", ""]]
    assert [answer.src for answer in limits.listed(best.mistakes, 2)] == ["3-9*9=", "4+5="]  # the surest first


def test_exact_match_by_template_and_by_length(best):
    assert texts(limits.by_template(best)) == [
        ["a+b", "2", "1", "0.5000"],
        ["a-b*c", "1", "1", "0.0000"],
        ["a*b*c", "2", "2", "0.0000"],
    ]
    assert [row[0] for row in texts(limits.by_length(best))] == ["1", "3"]
    assert list(limits.ranked(best).items()) == [("a+b", 0.5), ("a*b*c", 0.0), ("a-b*c", 0.0)]


def test_the_comparison_with_others(best, monkeypatch):
    ours, largest, *_ = texts(limits.comparison([best]))
    assert ours[:5] == ["best", "449,042", "2", "1.000", "0.8100"]  # exact match of the row
    assert ours[5:] == ["0.3755 to 0.9638", "never", "cell gru, lr 0.005"]  # 4 of 5, by Wilson
    assert largest[:7] == ["LSTM 1024, next character", "", "20", "1.889", "0.9948", "", "0.944"]
    monkeypatch.setattr(limits, "MARK", 0.5)
    assert texts(limits.comparison([best]))[0][6] == "0.500"


def test_what_was_learned_beyond_the_corpus(best):
    other = replace(best, name="other", row=pd.Series({**ROW, "exact_match_no_twin": 0.125}))
    table = learned.by_kind([best, other])
    assert table.heads == ["expressions", "best", "other"]
    assert texts(table) == [
        ["held out", "0.2000", "0.2000"],
        ["held out, no training row with its operands and value", "", "0.1250"],
        ["four operands", "0.2500", "0.2500"],
    ]
    more = pd.DataFrame({"kind": ["1 operand"], "template": ["a+b"], "rows": [8], "right": [1]})
    table = learned.by_template_and_kind(replace(best, beyond=pd.concat([BEYOND, more])))
    assert table.heads == ["template", "held out", "1 operand"]
    assert texts(table) == [["a+b", "0.5000", "0.1250"], ["a-b*c", "0.0000", ""], ["a*b*c", "0.0000", ""]]
    table = learned.by_template([best, replace(best, name="other", kinds=best.kinds[:1])])
    assert texts(table) == [["a+b", "0.5000", ""], ["a-b*c", "0.0000", ""], ["a*b*c", "0.0000", "0.0000"]]
    apart = replace(best, name="new_sets", point={"split": "operands"}, beyond=more)
    assert learned.new_operands([best, apart]) == [("new sets", 0.2)]


def test_the_maps_are_of_networks_that_have_one(best):
    right = pd.DataFrame({"operator": ["+", "+", "-"], "first": [0, 1, 0], "right": ["01", "11", "10"]})
    plus, minus = learned.maps([best, replace(best, map=right)]).panels
    assert plus.alt == "best: 3 of 4 answers to a + b are correct."
    assert minus.alt == "best: 1 of 2 answers to a - b are correct."
    (image,) = plus.figure.axes[0].images
    assert image.get_array().tolist() == [[0, 1], [1, 1]]  # a row for each a


def test_the_curve_is_drawn_by_hours(best):
    """Ours: two epochs of half an hour, the last point that of the row, 0.81. OTHERS[1]: ten epochs of 163 seconds."""
    names = [best.name, *(other.name for other in OTHERS)]
    ours, theirs = [0.5, 0.81], 0.958
    for panel, scale in zip(limits.curve([best]).panels, ("linear", "log"), strict=True):
        axes = panel.figure.axes[0]
        lines = {line.get_label(): line for line in axes.lines}
        assert list(lines) == names
        assert lines[best.name].get_xdata().tolist() == [0.5, 1]
        assert lines[best.name].get_ydata() == pytest.approx(ours)
        assert lines[OTHERS[1].name].get_xydata()[0] == pytest.approx([10 * 163 / 3600, theirs])
        assert [line.is_dashed() for line in axes.lines] == [False] + [True] * len(OTHERS)
        assert (axes.get_xscale(), axes.get_yscale(), axes.get_xlabel()) == ("log", scale, "hours of training")
        assert f"best {ours[-1]:.4f} after 1.000 hours" in panel.alt
        ours, theirs = [0.5, 0.19], 0.042  # the second panel has the wrong answers
