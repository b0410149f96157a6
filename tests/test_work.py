"""The first wrong step of a worked answer, and the operation that it belongs to."""

import pytest

from stages.arithmetic import work


@pytest.mark.parametrize(
    ("src", "written"),
    [
        ("12*(3+4)=", "12*7=84"),
        ("12*(3+4)", "12*7=84"),
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
        ("4-41=", "-38", "4-41: -38 is wrong", "sum"),
        ("(4-41)*12=", "-37*12=-74-360=-434", "-37*12: -74-360 is wrong", "parts"),
        ("7-9=", "", "7-9: the next step is missing", "sum"),
        ("7*8+1=", "56+1=", "56+1: the next step is missing", "sum"),
        ("7*8+1=", "56+1", "56+1: the next step is missing", "sum"),
        ("12*(3+4)=", "12*7", "12*7: the next step is missing", "product"),
        ("12*(3+4)=", "12*7=12*7", "12*7: the next step is missing", "product"),
        ("12*(3+4)=", "12*7=084", "12*7: 084 is wrong", "product"),
        ("3*4=", "-12", "3*4: -12 is wrong", "product"),
        ("9-27*37=", "9--999=1008", "9-27*37: 9--999 is wrong", "product"),
        ("9+3*5=", "9+-15=-6", "9+3*5: 9+-15 is wrong", "product"),
        ("(4-41)*12=", "-37*12=74+370=444", "-37*12: 74+370 is wrong", "parts"),
        ("7*8+1=", "56+=57", "7*8+1: 56+ is wrong", "product"),
        ("7-9=", "_2", "7-9: _2 is wrong", "sum"),
    ],
)
def test_wrong(src, written, words, operation):
    found = work.wrong(src, written)
    assert str(found) == words
    assert found.operation == operation
    assert operation in work.OPERATIONS
