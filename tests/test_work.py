"""The first wrong step of a worked answer and its operation; answers character by character, counted by hand."""

import pandas as pd
import pytest

from stages.arithmetic import work
from stages.arithmetic.places import by_place, digits


@pytest.mark.parametrize(
    ("src", "written"),
    [
        ("12*(3+4)=", "12*7=84"),
        ("12*(3+4)=", "84"),  # nothing is wrong with a step that is left out
        ("3*(4-9)=", "3*-5=-15"),
        ("37*42=", "74+1480=1554"),
        ("37*42=", "1480+74=1554"),
        ("5-(2-9)=", "5--7=12"),
    ],
)
def test_right(src, written):
    assert work.wrong(src, written) is None


@pytest.mark.parametrize(
    ("src", "written", "words", "operation"),
    [
        ("12*(3+4)=", "12*8=96", "12*(3+4): 12*8 is wrong", "sum"),
        ("12*(3+4)=", "12*7=83", "12*7: 83 is wrong", "product"),
        ("3*(4-9)=", "3*5=15", "3*(4-9): 3*5 is wrong", "sum"),
        ("47*(3+30)=", "47*33=1541", "47*33: 1541 is wrong", "product"),
        ("47*(3+30)=", "47*33=141+1400=1541", "47*33: 141+1400 is wrong", "parts"),
        ("47*(3+30)=", "47*33=141+1410=1541", "141+1410: 1541 is wrong", "part_sum"),
        ("9+(27*37)=", "9+(189+810)=9+998=1007", "9+(189+810): 9+998 is wrong", "part_sum"),
        ("9+(27*37)=", "9+(189+810)=9+999=1009", "9+999: 1009 is wrong", "sum"),
        ("9-3*5=", "9-16=-7", "9-3*5: 9-16 is wrong", "product"),
        ("9-3*5=", "9-15=6", "9-15: 6 is wrong", "sum"),
        ("43*47*11=", "(301+1720)*11=2021*11=11+220+22000=231+22000=22232", "231+22000: 22232 is wrong", "part_sum"),
        ("43*47*11=", "(301+1720)*11=2021*11=11+220+2200=231+2200=2431", "2021*11: 11+220+2200 is wrong", "parts"),
        ("43*47*11=", "(301+1720)*11=2031*11=11", "(301+1720)*11: 2031*11 is wrong", "part_sum"),
        ("(4-41)*12=", "-37*12=-74-360=-434", "-37*12: -74-360 is wrong", "parts"),
        ("7-9=", "", "7-9: the next step is missing", "sum"),
        ("7*8+1=", "56+1", "56+1: the next step is missing", "sum"),
        ("12*(3+4)=", "12*7=12*7", "12*7: the next step is missing", "product"),
        ("12*(3+4)=", "12*7=084", "12*7: 084 is wrong", "product"),
        ("3*4=", "-12", "3*4: -12 is wrong", "product"),
        ("9-27*37=", "9--999=1008", "9-27*37: 9--999 is wrong", "product"),
        ("7*8+1=", "56+=57", "7*8+1: 56+ is wrong", "product"),
        ("7-9=", "_2", "7-9: _2 is wrong", "sum"),
    ],
)
def test_wrong(src, written, words, operation):
    wrong = work.wrong(src, written)
    assert (str(wrong), wrong.operation) == (words, operation)


def answers(*pairs):
    return pd.DataFrame(pairs, columns=["tgt", "predicted"])


def test_places_by_hand():
    places = by_place(answers((12, "13"), (-4, "-")).set_axis([7, 5]))
    assert places.index.tolist() == [7, 7, 7, 5, 5, 5]
    assert places["place"].tolist() == [1, 2, 3, 1, 2, 3]
    assert places["right"].tolist() == ["1", "2", "end", "-", "4", "end"]
    assert places["predicted"].tolist() == ["1", "3", "end", "-", "end", "end"]
    assert places["correct"].tolist() == [True, False, True, True, False, True]


def test_digits_by_hand():
    counts = digits(answers((3, "3"), (12, "13"), (25, "2"), (3, "3"), (-4, "-44"), (-1, "")))
    assert counts.to_dict("split")["data"] == [
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
    assert counts.columns.tolist() == ["right", "predicted", "count", "share"]
