"""The parser against Python's, and its messages for malformed text."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stages.arithmetic import grammar
from stages.common.messages import BadInput

numbers = st.integers(0, 10**6).map(str)
expressions = st.recursive(
    numbers,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from("+-*"), inner).map("".join),
        inner.map("({})".format),
    ),
    max_leaves=12,
)


@given(expressions)
def test_the_value_equals_python_s(text):
    assert grammar.value(text) == eval(text)
    assert grammar.value(text + "=") == eval(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "'': position 1: expected a number or '(', found the end"),
        ("3+", "'3+': position 3: expected a number or '(', found the end"),
        ("-3+4", "'-3+4': position 1: expected a number or '(', found '-'"),
        ("3+4==", "'3+4==': position 5: expected an operator, '=' or the end, found '='"),
        ("(3+4", "'(3+4': position 5: expected an operator or ')', found the end"),
        ("3+4)", "'3+4)': position 4: expected an operator, '=' or the end, found ')'"),
        ("2^3", "'2^3': position 2: expected an operator, '=' or the end, found '^'"),
        ("1 2+3", "'1 2+3': position 3: expected an operator, '=' or the end, found '2'"),
        (" 1 +\t2 3", "' 1 +\\t2 3': position 8: expected an operator, '=' or the end, found '3'"),
        (" 3 + ", "' 3 + ': position 6: expected a number or '(', found the end"),
        ("\n", "'\\n': position 2: expected a number or '(', found the end"),
        ("3 + 4 = =", "'3 + 4 = =': position 9: expected an operator, '=' or the end, found '='"),
        ("( 3 * x )", "'( 3 * x )': position 7: expected a number or '(', found 'x'"),
        ("3\u200b+4", "'3\\u200b+4': position 2: expected an operator, '=' or the end, found '\\u200b'"),
        ("٣+1", "'٣+1': position 1: expected a number or '(', found '٣'"),
        ("a+b", "'a+b': position 1: expected a number or '(', found 'a'"),
    ],
)
def test_malformed(text, message):
    with pytest.raises(BadInput) as error:
        grammar.value(text)
    assert str(error.value) == message


@given(
    st.recursive(
        st.integers(-999, 999).map(str),
        lambda inner: st.tuples(inner, st.sampled_from("+-*"), inner).map("".join),
        max_leaves=6,
    )
)
def test_signed_numbers(text):
    assert grammar.value(text, signed=True) == eval(text)


@pytest.mark.parametrize("text", ["--3", "3---4", "-(3)", "3*-", "- 3", "5-"])
def test_malformed_signed_numbers(text):
    with pytest.raises(BadInput, match="expected a number"):
        grammar.value(text, signed=True)


blanks = st.text(" \t\n\r\u00a0\u2009\u202f\u3000", max_size=3)


@given(expressions, st.data())
def test_blanks_around_numbers_and_signs_change_nothing(text, data):
    parts = re.findall("[0-9]+|[^0-9]", text + "=")
    spaced = "".join(data.draw(blanks) + part for part in parts) + data.draw(blanks)
    assert grammar.value(spaced) == eval(text)
    assert grammar.without_blanks(spaced) == text + "="
    assert grammar.unseen(spaced, 50) == grammar.unseen(text, 50)


@given(st.integers(0, 999), st.integers(0, 999), blanks.filter(bool))
def test_a_blank_between_two_numbers_is_an_error(one, other, blank):
    with pytest.raises(BadInput, match=f"position {len(f'{one}{blank}') + 1}: expected an operator, '=' or the end"):
        grammar.value(f"{one}{blank}{other}")


@pytest.mark.parametrize("text", ["\x1b[2J" * 40, "\x1b" * 10**6, "1+" * 90 + "x", "\U000e0001" * 200])
def test_the_message_of_any_text_is_short_and_safe(text):
    with pytest.raises(BadInput, match=r"^'.{20,60}': position ") as error:
        grammar.value(text)
    assert str(error.value).isprintable()


@pytest.mark.parametrize("text", ["(" * 5000, "1+" * 5000 + "1", "9" * 5000])
def test_too_long(text):
    with pytest.raises(BadInput, match="position 201: too long; at most 200 characters, not counting blanks"):
        grammar.value(text)


def test_blanks_do_not_count_towards_the_limit():
    assert grammar.value(" " * 10**6 + "1 + " * 99 + "\t" * 10**6 + "01" + " " * 10**6) == 100
    with pytest.raises(BadInput, match="position 401: too long; at most 200 characters, not counting blanks"):
        grammar.value("1 " * 201)


def test_the_deepest_nesting():
    assert grammar.value("(" * 99 + "7" + ")" * 99) == 7


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("12*(3+4)=", None),
        ("12*(3+4)", None),
        ("49-0", None),
        ("50-0", "an operand above 49"),
        (" 12 * ( 3 + 4 ) = ", None),
        ("50 - 0", "an operand above 49"),
        ("007 + 1", "an operand with a leading zero"),
        ("( 1 + 2 ) + 3", "an expression of this shape"),
        ("007+1", "an operand with a leading zero"),
        ("(1+2)+3", "an expression of this shape"),
        ("1+2+3+4", "an expression of this shape"),
        ("7", "an expression of this shape"),
    ],
)
def test_unseen(text, reason):
    assert grammar.unseen(text, 50) == reason


@pytest.mark.parametrize(("operands", "characters"), [(50, 6), (10, 3), (2, 2), (1, 1), (100, 6), (4, 2)])
def test_longest_answer(operands, characters):
    top = operands - 1
    values = [eval(t, {"a": a, "b": b, "c": c}) for t in grammar.TEMPLATES for a, b, c in _corners(top)]
    assert grammar.longest_answer(operands) == max(len(str(v)) for v in values) == characters


def _corners(top):
    return [(a, b, c) for a in (0, top) for b in (0, top) for c in (0, top)]
