"""The network of the whole corpus on the page, against hand-made rows."""

from dataclasses import replace

import pandas as pd
import pytest
from kept_rows import ANSWERS, BEYOND, EVERYTHING, ROW, network

from stages.page import learned, limits, whole
from stages.page.references import OTHERS


@pytest.fixture
def found():
    return network()


def test_hours_are_those_of_the_passes(found):
    reached = whole.reached([found])
    assert reached.loc[reached["ours"], ["hours", "exact_match"]].to_numpy().tolist() == [
        [0.5, 0.5],
        [1.0, 0.81],  # of the row
    ]
    largest = reached[reached["name"] == OTHERS[0].name].iloc[-1]
    assert (largest["exact_match"], largest["hours"]) == (0.9948, pytest.approx(20 * 340 / 3600))
    assert found.hours == 1
    assert found.rows == 5


def test_what_mistakes_have_in_common_by_hand(found):
    """4+5= 8 for 9; 4*5*6= 130 for 120; 3-9*9= -7 for -78; 9*9*9= nothing for 729."""
    assert limits.common(found.mistakes).tolist() == [
        0.75,  # a product
        0.5,  # of three numbers
        0.5,  # as long: 8, 130
        0.75,  # sign: not the empty one
        0.5,  # first character: 130, -7
        0.25,  # last digit: 130
        0.5,  # one wrong character: 8, 130
        0.0,  # within one hundredth
    ]
    without = replace(found, name="without_any", mistakes=found.mistakes[:0])
    table = limits.in_common([found, without])
    assert table.heads == ["wrong answers", "best", "without any"]
    assert [[cell.text for cell in row[1:]] for row in table.rows[:3]] == [["4", "0"], ["0.7500", ""], ["0.5000", ""]]


def test_tables_by_hand(found):
    assert [[cell.text for cell in row] for row in limits.by_template(found).rows] == [
        ["a+b", "2", "1", "0.5000"],
        ["a-b*c", "1", "1", "0.0000"],
        ["a*b*c", "2", "2", "0.0000"],
    ]
    assert limits.by_template(found).heads == ["template", "held out", "wrong", "exact match"]
    assert [row[0].text for row in limits.by_length(found).rows] == ["1", "3"]
    assert limits.comparison([found]).heads == [
        "network",
        "parameters",
        "epochs",
        "hours",
        "exact match",
        "95 % interval",
        "hours to 0.97",
        "settings",
    ]
    ours, largest, *_ = limits.comparison([found]).rows
    assert [cell.text for cell in ours] == [
        *("best", "449,042", "2", "1.000", "0.8100", "0.3755 to 0.9638"),  # 4 of 5, by Wilson
        *("never", "cell gru, lr 0.005"),
    ]
    assert [cell.text for cell in largest][:7] == [
        "LSTM 1024, next character",
        "",
        "20",
        "1.889",
        "0.9948",
        "",
        "0.944",
    ]


def test_the_first_point_of_the_mark(found, monkeypatch):
    monkeypatch.setattr(limits, "MARK", 0.5)
    assert limits.comparison([found]).rows[0][6].text == "0.500"


def test_the_whole_corpus_and_its_pairs_by_hand():
    shipped = whole.Shipped("best", EVERYTHING, ANSWERS[:0])
    assert limits.overall(shipped) == [("expressions", 4, 1), ("a+b", 2, 1)]


def test_what_was_learned_by_hand(found):
    kinds = learned.by_kind([found, replace(found, name="other", row=pd.Series({**ROW, "exact_match_no_twin": 0.125}))])
    assert kinds.heads == ["expressions", "best", "other"]
    assert [[cell.text for cell in row] for row in kinds.rows] == [
        ["held out", "0.2000", "0.2000"],
        ["held out, no training row with its operands and value", "", "0.1250"],
        ["four operands", "0.2500", "0.2500"],
    ]
    more = pd.DataFrame({"kind": ["1 operand"], "template": ["a+b"], "rows": [8], "right": [2]})
    templates = learned.by_template_and_kind(replace(found, beyond=pd.concat([BEYOND, more])))
    assert templates.heads == ["template", "held out", "1 operand"]
    assert [[cell.text for cell in row] for row in templates.rows] == [
        ["a+b", "0.5000", "0.2500"],
        ["a-b*c", "0.0000", ""],
        ["a*b*c", "0.0000", ""],
    ]
    other = {"kind": ["one large operand"], "template": ["a+b"], "rows": [8], "right": [1]}
    alone = replace(found, name="new_sets", point={"split": "operands"}, beyond=pd.DataFrame(other))
    assert learned.new_operands([found, alone]) == [("new sets", 0.2)]
    assert learned.most_beyond([alone, found]) == ("best", "four operands", 0.25)
    fewer = replace(found, name="other", kinds=found.kinds[:1])
    networks = learned.by_template([found, fewer])
    assert networks.heads == ["template", "best", "other"]
    assert [[cell.text for cell in row] for row in networks.rows] == [
        ["a+b", "0.5000", ""],
        ["a-b*c", "0.0000", ""],
        ["a*b*c", "0.0000", "0.0000"],
    ]


@pytest.mark.parametrize(("point", "rows"), [({"sample": "all"}, -1), ({"sample": 50}, 45), ({}, None)])
def test_training_rows_are_those_that_were_not_held_out(found, point, rows):
    """EVERYTHING has 4 rows, five were held out."""
    assert limits.trained(replace(found, point=point), whole.Shipped("best", EVERYTHING, ANSWERS[:0])) == rows


def test_the_best_and_the_worst_template(found):
    assert limits.ranked(found).to_dict() == {"a+b": 0.5, "a*b*c": 0.0, "a-b*c": 0.0}
    assert limits.ranked(found).index[0] == "a+b"


def test_the_surest_mistakes_are_listed_first(found):
    assert [answer.src for answer in limits.listed(found.mistakes, 9)] == ["3-9*9=", "4+5=", "4*5*6=", "9*9*9="]
    assert [answer.src for answer in limits.listed(found.mistakes, 1)] == ["3-9*9="]


def test_the_curve_has_everyone(found):
    told = [panel.alt for panel in limits.curve([found]).panels]
    assert all(one.name in text for text in told for one in OTHERS)
    assert "best 0.8100 after 1.000 hours" in told[0]
    assert "best 0.1900 after 1.000 hours" in told[1]


def test_the_curve_is_drawn_by_hours(found):
    """Ours: two epochs of half an hour, the last point that of the row, 0.81. OTHERS[1]: ten epochs of 163 seconds."""
    right, wrong = (panel.figure.axes[0] for panel in limits.curve([found]).panels)
    names = [found.name, *(one.name for one in OTHERS)]
    for axes, ours, theirs in ((right, [0.5, 0.81], 0.958), (wrong, [0.5, 0.19], 0.042)):
        lines = {line.get_label(): line for line in axes.lines}
        assert list(lines) == names
        assert lines[found.name].get_xdata().tolist() == [0.5, 1]
        assert lines[found.name].get_ydata() == pytest.approx(ours)
        assert lines[OTHERS[1].name].get_xdata() == pytest.approx([10 * 163 / 3600])
        assert lines[OTHERS[1].name].get_ydata() == pytest.approx([theirs])
        assert [line.is_dashed() for line in axes.lines] == [False] + [True] * len(OTHERS)
        assert len({line.get_color() for line in axes.lines}) == len(names)
        assert (axes.get_xscale(), axes.get_xlabel()) == ("log", "hours of training")
    assert (right.get_yscale(), wrong.get_yscale()) == ("linear", "log")
