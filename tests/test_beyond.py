"""The expressions beyond the corpus: of their kind, with Python's value, and the same every time."""

import re

import pytest
from stages.lab.beyond import ROWS, beyond

from stages.arithmetic import grammar


@pytest.fixture(scope="module")
def rows():
    return beyond(50)


def test_as_many_of_each_kind(rows):
    assert rows["kind"].value_counts(sort=False).to_dict() == {
        "1 operand from 50 to 99": ROWS,
        "2 operands from 50 to 99": ROWS,
        "3 operands from 50 to 99": ROWS,
        "four operands": ROWS,
    }
    assert beyond(50).equals(rows)


def test_every_expression_is_of_its_kind(rows):
    for row in rows.itertuples():
        numbers = [int(number) for number in re.findall("[0-9]+", row.src)]
        large = sum(50 <= number <= 99 for number in numbers)
        assert all(number <= 99 for number in numbers)
        assert (row.kind == "four operands" and (len(numbers), large) == (4, 0)) or row.kind.startswith(
            f"{large} operand"
        )
        letters = iter("abcd")
        assert re.sub("[0-9]+", lambda _: next(letters), row.src) == f"{row.template}="  # noqa: B023 - used at once


def test_every_value_against_python(rows):
    assert [eval(src.removesuffix("=")) for src in rows["src"]] == rows["tgt"].tolist()


def test_the_corpus_has_none_of_them(rows):
    assert all(grammar.unseen(src, 50) for src in rows["src"])
    assert set(rows["template"]) > set(grammar.TEMPLATES)
