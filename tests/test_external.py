"""External tables: which rows can be scored, and what is wrong with the others."""

from decimal import Decimal

import pandas as pd
import pytest
from stages.external import rows as external

from stages.common.messages import BadInput

ROWS = {
    "12*(3+4)=": "84",
    "3+4=": "8",
    "1+=": "3",
    "5*5": "25",
    "1*2*3*4=": "24",
    "7-9=": "-2",
    "7-8=": "minus one",
    "(1+2)+3=": "6",
    "99999999999*99999999999=": "9999999999800000000001",
}


@pytest.fixture(params=["csv", "parquet"])
def table(request, tmp_path):
    path = tmp_path / f"mine.{request.param}"
    rows = pd.DataFrame({"src": ROWS.keys(), "tgt": ROWS.values(), "note": 1})
    rows.to_csv(path, index=False) if request.param == "csv" else rows.to_parquet(path)
    return path


def test_good_rows_have_a_value_and_bad_ones_a_reason(table):
    rows = list(external.read(table))
    assert [row[:2] for row in rows if not row.wrong] == [
        ("12*(3+4)=", 84),
        ("5*5=", 25),
        ("1*2*3*4=", 24),
        ("7-9=", -2),
        ("(1+2)+3=", 6),
    ]
    assert [row.wrong for row in rows if row.wrong] == [
        "row 2: '3+4=' is 7, not 8",
        "row 3: '1+=': position 3: expected a number or '(', found '='",
        "row 7: '7-8=' is -1, not minus one",
        "row 9: the value of '99999999999*99999999999=' is too large to be scored",
    ]


@pytest.mark.parametrize(
    ("src", "template"),
    [("12*(3+4)=", "a*(b+c)"), ("7-9=", "a-b"), ("1*2*3*4=", "other"), ("(1+2)+3=", "other"), ("5=", "other")],
)
def test_template(src, template):
    assert external.template(src) == template


def test_numbers_of_a_parquet_file_are_numbers(tmp_path):
    pd.DataFrame({"src": ["7-9=", "1+1="], "tgt": [-2, 2]}).to_parquet(tmp_path / "mine.parquet")
    assert [tuple(row) for row in external.read(tmp_path / "mine.parquet")] == [("7-9=", -2, None), ("1+1=", 2, None)]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("84", "84"),
        ("+84", "84"),
        ("084", "84"),
        ("84.", "84"),
        ("84.0", "84"),
        ("84.000000", "84"),
        ("84,0", "84"),
        ("8.4e1", "84"),
        ("840E-1", "84"),
        ("1e+02", "100"),
        ("1,200", "1200"),
        ("1 200", "1200"),
        ("1\u00a0200", "1200"),
        ("1\u202f200", "1200"),
        ("1'200.00", "1200"),
        ("-117,649", "-117649"),
        ("1.200", "1.2"),
        ("\u22122", "-2"),
        ("\uff18\uff14", "84"),
        ("-2.5", "-2.5"),
        ("-0.0", "0"),
        ("1e9999", "1e9999"),
        ("0." + "0" * 150 + "1", "1e-151"),
    ],
)
def test_numbers_as_people_write_them(text, number):
    assert external.number(text) == Decimal(number)


@pytest.mark.parametrize(
    "text",
    [
        *("", "nan", "NaN", "inf", "sNaN", "True", "2020-01-02", "0x54", "8_4", "84%", "one", "84=", "7\n7"),
        *("1,2,3", "12,34,567", "84 .0", "- 2", "--2", ".", "e1", "1e99999", "8" * 201, "\u00b2", "\u216b"),
    ],
)
def test_texts_that_are_not_numbers(text):
    assert external.number(text) is None


@pytest.mark.parametrize(
    ("src", "tgt", "wrong"),
    [
        (None, "7", "src is empty"),
        (" ", "7", "src is empty"),
        ("3+4=", None, "tgt of '3+4=' is empty"),
        ("3+4=", "\n", "tgt of '3+4=' is empty"),
        ("7-9", "-2.5", "'7-9' is -2, not -2.5"),
        ("3+4", "nan", "'3+4' is 7, not nan"),
        ("1+0", "True", "'1+0' is 1, not True"),
        ("3 + 4", "8", "'3+4' is 7, not 8"),
        (" 3 + 4 5", "48", "' 3 + 4 5': position 8: expected an operator, '=' or the end, found '5'"),
        ("7\u22129", "-2", "'7\u22129': position 2: expected an operator, '=' or the end, found '\u2212'"),
        ("\x1b[2J", "7", r"'\x1b[2J': position 1: expected a number or '(', found '\x1b'"),
        ("3+4", "\x1b[2J", r"'3+4' is 7, not \x1b[2J"),
        ("\ud800", "7", r"'\ud800': position 1: expected a number or '(', found '\ud800'"),
        ("3+4", "9" * 10**7, "'3+4' is 7, not 9999999999999999999…"),
        (
            "1" * 10**7,
            "7",
            "'1111111111111111111…': position 201: too long; at most 200 characters, not counting blanks",
        ),
        ("1+" * 90 + "1", "7", "'" + "1+" * 29 + "1…' is 91, not 7"),
        ("9" * 200, "7", "the value of '" + "9" * 59 + "…' is too large to be scored"),
    ],
)
def test_what_is_wrong_with_a_row(src, tgt, wrong):
    with pytest.raises(BadInput) as error:
        external.judge(src, tgt)
    assert str(error.value) == wrong


@pytest.mark.parametrize(
    ("src", "tgt"), [(" 3+4 ", " 7\n"), ("\u00a03+4=\r\n", "7.0"), ("3 +\t4\u00a0=", "7"), ("3+4", "7")]
)
def test_blanks_and_a_missing_equals_sign_are_accepted(src, tgt):
    assert external.judge(src, tgt) == ("3+4=", 7, None)
