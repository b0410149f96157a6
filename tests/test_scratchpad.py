"""Worked answers: every row of the corpus against Python's own evaluation, and a sample against the rule in words."""

import re
from itertools import pairwise

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stages.arithmetic import grammar, scratchpad


def worked(template, *operands):
    values = {letter: np.array([operand]) for letter, operand in zip("abc", operands, strict=False)}
    return scratchpad.steps(template, values)[0].as_py()


@pytest.mark.parametrize(
    ("template", "operands", "text"),
    [
        ("a+b", (7, 8), "15"),
        ("a-b", (7, 9), "-2"),
        ("a*b", (9, 48), "432"),
        ("a*b", (37, 42), "74+1480=1554"),
        ("a*b", (37, 40), "1480"),
        ("a*b", (0, 42), "0"),
        ("a-b-c", (1, 2, 3), "-1-3=-4"),
        ("a+(b-c)", (5, 2, 9), "5+-7=-2"),
        ("a-(b-c)", (5, 2, 9), "5--7=12"),
        ("(a+b)-c", (45, 13, 19), "58-19=39"),
        ("a*(b+c)", (12, 3, 4), "12*7=84"),
        ("a*(b-c)", (3, 4, 9), "3*-5=-15"),
        ("(a-b)*c", (4, 41, 12), "-37*12=-74-370=-444"),
        ("a*(b-c)", (12, 4, 41), "12*-37=-84-360=-444"),
        ("a+b*c", (9, 27, 37), "9+(189+810)=9+999=1008"),
        ("(a*b)-c", (27, 37, 9), "(189+810)-9=999-9=990"),
        ("a*b+c", (3, 5, 9), "15+9=24"),
        ("a*b*c", (0, 41, 12), "0*12=0"),
        ("a*b*c", (29, 43, 42), "(87+1160)*42=1247*42=294+1680+8400+42000=1974+8400+42000=10374+42000=52374"),
        ("a*b*c", (5, 20, 11), "100*11=1100"),
        ("a*b*c", (5, 20, 7), "100*7=700"),
        ("a*b*c", (48, 5, 7), "240*7=280+1400=1680"),
        ("a*b*c", (29, 43, 1), "(87+1160)*1=1247*1=1247"),
        ("a*b*c", (29, 43, 7), "(87+1160)*7=1247*7=49+280+1400+7000=329+1400+7000=1729+7000=8729"),
        ("a*b*c", (43, 47, 11), "(301+1720)*11=2021*11=11+220+22000=231+22000=22231"),
    ],
)
def test_by_hand(template, operands, text):
    assert worked(template, *operands) == text


def test_every_row_of_the_corpus(corpus):
    """Each step equals the one before, and the last is the value: Python evaluates every distinct step once."""
    table = pq.read_table(corpus, columns=["tgt", "steps"])
    steps = pc.split_pattern(table["steps"], "=").combine_chunks()
    value = pc.take(table["tgt"], pc.list_parent_indices(steps))
    flat = pc.list_flatten(steps).dictionary_encode()
    distinct = flat.dictionary.to_pylist()
    parts = [
        distinct[start : start + 10_000] for start in range(0, len(distinct), 10_000)
    ]  # compiled apart: less memory
    found = np.concatenate([eval(f"[{','.join(part)}]") for part in parts])
    assert (found[flat.indices.to_numpy()] == value.to_numpy()).all()
    last = pc.replace_substring_regex(table["steps"], "^.*=", "")
    assert last.equals(pc.cast(table["tgt"], "string"))


SIGNED = r"-?\d+"


def by_the_rule(text):
    """The rule of the module's docstring, on the text of an expression: one operation, or parts, at a time."""
    chain = [text]
    while not re.fullmatch(SIGNED, chain[-1]):
        chain.append(one_step(chain[-1]))
    return "=".join(chain[1:])


def one_step(text):
    group = re.search(r"\((.*)\)", text)
    if group:
        inner = reduced(group[1])
        return text.replace(group[0], inner if re.fullmatch(SIGNED, inner) else f"({inner})")
    product = re.search(rf"({SIGNED}|^)\*({SIGNED})", text)
    if product and product[0] != text:
        start, end = re.search(rf"\d+\*{SIGNED}", text).span()
        inner = reduced(text[start:end])
        return text[:start] + (inner if re.fullmatch(SIGNED, inner) else f"({inner})") + text[end:]
    return reduced(text)


def reduced(text):
    """A single operation, the parts of a product, or the first addition of a sum of parts."""
    left, operator, right = re.match(rf"({SIGNED})([-+*])({SIGNED})", text).groups()
    rest = text[len(left + operator + right) :]
    digits, factors = [len(side.lstrip("-")) for side in (left, right)], [left, right]
    one_go = sorted(digits) in ([1, 1], [1, 2]) or {left, right} & {"0", "1", "-1"}
    if operator == "*" and not rest and not one_go:
        split = factors.pop(0 if digits[0] > digits[1] else 1)
        sign = -1 if split.startswith("-") else 1
        places = enumerate(reversed(split.lstrip("-")))
        parts = [sign * int(digit) * 10**place * int(factors[0]) for place, digit in places if digit != "0"]
        return "".join(f"{part:+}" for part in parts).removeprefix("+")
    return f"{eval(left + operator + right)}{rest}"


@given(st.sampled_from(grammar.TEMPLATES), st.tuples(*[st.integers(0, 999)] * 3))
def test_against_the_rule_in_words(template, operands):
    named = dict(zip("abc", operands, strict=True))
    src = re.sub("[abc]", lambda letter: str(named[letter[0]]), template)
    text = worked(template, *operands)
    assert text == by_the_rule(src)
    pieces = [src, *text.split("=")]
    assert all(eval(one) == eval(other) for one, other in pairwise(pieces))
    assert len(text) <= scratchpad.longest(1000)


@pytest.mark.parametrize("operands", [2, 10, 11, 32, 50])
def test_the_longest(operands):
    found = 0
    for template in ("a*b*c", "(a-b)*c", "a*b", "a-b*c"):
        letters = [letter for letter in "abc" if letter in template]
        values = np.indices((operands,) * len(letters)).reshape(len(letters), -1)
        texts = scratchpad.steps(template, dict(zip(letters, values, strict=True)))
        found = max(found, pc.max(pc.utf8_length(texts)).as_py())
    assert found <= scratchpad.longest(operands)
    assert operands < 50 or found == 77  # as the docstring says
