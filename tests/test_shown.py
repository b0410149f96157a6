"""Any text on one line of a terminal."""

import pytest

from stages.common.messages import printable


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("", ""),
        ("12*(3+4)=", "12*(3+4)="),
        ("a b", "a b"),
        ("\x1b[2J", "\\x1b[2J"),
        ("a\nb\tc\r\0", "a\\nb\\tc\\r\\x00"),
        ("\x9b2J", "\\x9b2J"),  # the same order to a terminal in one character
        ("a\u2028b", "a\\u2028b"),  # a line end to some
        ("\u202e21", "\\u202e21"),  # the rest from right to left
        ("\ud800", "\\ud800"),  # which no encoding can write
        ("é日", "é日"),
        ("x" * 60, "x" * 60),
        ("x" * 61, "x" * 59 + "…"),
        ("\0" * 60, "\\x00" * 14 + "\\x0…"),
    ],
)
def test_shown(text, safe):
    assert shown(text) == safe


def test_a_long_text_is_not_worked_through():
    assert shown("\x1b" * 10**8, 9) == r"\x1b\x1b…"
