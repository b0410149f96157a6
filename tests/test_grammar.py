"""The templates by name, the parser against Python's, and its messages for malformed text."""

import re
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stages.arithmetic import grammar, twins
from stages.common.messages import BadInput

TWO = {"a+b", "a-b", "a*b"}
PLAIN = {"a+b+c", "a+b-c", "a+b*c", "a-b+c", "a-b-c", "a-b*c", "a*b+c", "a*b-c", "a*b*c"}
LEFT = {"(a+b)-c", "(a+b)*c", "(a-b)+c", "(a-b)*c", "(a*b)+c", "(a*b)-c"}
RIGHT = {"a+(b-c)", "a+(b*c)", "a-(b+c)", "a-(b*c)", "a*(b+c)", "a*(b-c)"}

expressions = st.recursive(
    st.integers(0, 10**6).map(str),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from("+-*"), inner).map("".join),
        inner.map("({})".format),
    ),
    max_leaves=12,
)
blanks = st.text(" \t\n\r\u00a0\u2009\u202f\u3000", max_size=3)


def test_the_24_templates():
    assert len(grammar.TEMPLATES) == 24
    assert set(grammar.TEMPLATES) == TWO | PLAIN | LEFT | RIGHT


@given(expressions)
def test_the_value_equals_python_s(text):
    assert grammar.value(text) == eval(text)
    assert grammar.value(text + "=") == eval(text)


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


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "'': position 1: expected a number or '(', found the end"),
        ("3+", "'3+': position 3: expected a number or '(', found the end"),
        ("-3+4", "'-3+4': position 1: expected a number or '(', found '-'"),
        ("3+4==", "'3+4==': position 5: expected an operator, '=' or the end, found '='"),
        ("3 + 4 = =", "'3 + 4 = =': position 9: expected an operator, '=' or the end, found '='"),
        ("(3+4", "'(3+4': position 5: expected an operator or ')', found the end"),
        ("3+4)", "'3+4)': position 4: expected an operator, '=' or the end, found ')'"),
        ("2^3", "'2^3': position 2: expected an operator, '=' or the end, found '^'"),
        (" 1 +\t2 3", "' 1 +\\t2 3': position 8: expected an operator, '=' or the end, found '3'"),
        ("( 3 * x )", "'( 3 * x )': position 7: expected a number or '(', found 'x'"),
        ("٣+1", "'٣+1': position 1: expected a number or '(', found '٣'"),
        ("1+" * 90 + "x", f"'{'1+' * 29}1…': position 181: expected a number or '(', found 'x'"),
    ],
)
def test_malformed(text, message):
    with pytest.raises(BadInput) as error:
        grammar.value(text)
    assert str(error.value) == message


@given(expressions, st.data())
def test_blanks_around_numbers_and_signs_change_nothing(text, data):
    parts = re.findall("[0-9]+|[^0-9]", text + "=")
    spaced = "".join(data.draw(blanks) + part for part in parts) + data.draw(blanks)
    assert grammar.value(spaced) == eval(text)
    assert grammar.without_blanks(spaced) == text + "="
    assert twins.unseen(spaced, 50) == twins.unseen(text, 50)


def test_the_longest_expression():
    assert grammar.value("1 + " * 99 + "\t" * 10**6 + "01") == 100
    assert grammar.value("(" * 99 + "7" + ")" * 99) == 7
    for text, position in (("1" * 201, 201), ("(" * 5000, 201), ("1 " * 201, 401)):
        with pytest.raises(BadInput, match=f"position {position}: too long; at most 200 characters, not counting"):
            grammar.value(text)


@pytest.mark.parametrize(("operands", "characters"), [(50, 6), (10, 3), (2, 2), (1, 1), (100, 6), (4, 2)])
def test_longest_answer(operands, characters):
    corners = [dict(zip("abc", corner, strict=True)) for corner in product((0, operands - 1), repeat=3)]
    values = [eval(template, corner) for template in grammar.TEMPLATES for corner in corners]
    assert grammar.longest_answer(operands) == max(len(str(value)) for value in values) == characters
