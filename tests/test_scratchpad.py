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
        ("a-b", (7, 9), "-2"),
        ("a*b", (37, 42), "74+1480=1554"),
        ("a*b", (37, 40), "1480"),
        ("a-(b-c)", (5, 2, 9), "5--7=12"),
        ("a*(b+c)", (12, 3, 4), "12*7=84"),
        ("a*(b-c)", (12, 4, 41), "12*-37=-84-360=-444"),
        ("a+b*c", (9, 27, 37), "9+(189+810)=9+999=1008"),
        ("a*b*c", (29, 43, 42), "(87+1160)*42=1247*42=294+1680+8400+42000=1974+8400+42000=10374+42000=52374"),
        ("a*b*c", (5, 20, 7), "100*7=700"),
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
    parts = [distinct[start : start + 10_000] for start in range(0, len(distinct), 10_000)]  # less memory than at once
    evaluated = np.concatenate([eval(f"[{','.join(part)}]") for part in parts])
    assert (evaluated[flat.indices.to_numpy()] == value.to_numpy()).all()
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
    product = re.search(rf"\d+\*{SIGNED}", text)
    if group:
        (start, end), inner = group.span(), reduced(group[1])
    elif product and product[0] != text.lstrip("-"):
        (start, end), inner = product.span(), reduced(product[0])
    else:
        return reduced(text)
    return text[:start] + (inner if re.fullmatch(SIGNED, inner) else f"({inner})") + text[end:]


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
    assert all(eval(before) == eval(after) for before, after in pairwise([src, *text.split("=")]))
    assert len(text) <= scratchpad.longest(1000)


@pytest.mark.parametrize(("operands", "longest"), [(2, 7), (10, 8), (11, 11), (32, 51), (50, 77)])
def test_the_longest(operands, longest):
    lengths = []
    for template in ("a*b*c", "(a-b)*c", "a*b", "a-b*c"):
        letters = [letter for letter in "abc" if letter in template]
        values = np.indices((operands,) * len(letters)).reshape(len(letters), -1)
        texts = scratchpad.steps(template, dict(zip(letters, values, strict=True)))
        lengths.append(pc.max(pc.utf8_length(texts)).as_py())
    assert max(lengths) == longest <= scratchpad.longest(operands)
