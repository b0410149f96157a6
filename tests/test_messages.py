"""Messages: any text and any value on one short line."""

import pytest

from stages.common.messages import listed, printable, shown


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("", ""),
        ("12*(3+4)=", "12*(3+4)="),
        ("é日", "é日"),
        ("\x1b[2J", "\\x1b[2J"),
        ("a\nb\tc\r\0", "a\\nb\\tc\\r\\x00"),
        ("\x9b2J", "\\x9b2J"),  # the same order to a terminal in one character
        ("a\u2028b", "a\\u2028b"),  # a line end to some
        ("\ud800", "\\ud800"),  # which no encoding can write
        ("x" * 60, "x" * 60),
        ("x" * 61, "x" * 59 + "…"),
        ("\0" * 60, "\\x00" * 14 + "\\x0…"),
    ],
)
def test_printable(text, safe):
    assert printable(text) == safe


@pytest.mark.parametrize(
    ("value", "words"),
    [
        *((None, "nothing"), (True, "true"), (False, "false"), (0, "0"), (1e-05, "1e-05"), (float("nan"), "nan")),
        *(("a", "'a'"), ("", "''"), ("a\nb", r"'a\nb'"), ({"a": 1}, "keys and values"), ([], "[]"), ([1], "[1]")),
    ],
)
def test_shown(value, words):
    assert shown(value) == words


@pytest.mark.parametrize("value", ["x" * 10**6, ["\x1b" * 99] * 99, 10**90, {"x" * 999: 1}])
def test_a_long_value_is_cut(value):
    assert len(shown(value)) <= 62
    assert shown(value).isprintable()


def test_a_list_of_names_has_ten_of_them():
    assert listed([]) == "none"
    assert listed(["lr", "a\nb"]) == r"lr, a\nb"
    names = ["a" * size for size in range(1, 13)]
    assert listed(names) == ", ".join(names[:10]) + " and 2 more"
