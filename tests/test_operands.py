"""Twins: expressions with the same operands and value, against pairs that a person can tell."""

import pyarrow as pa
import pytest

from stages import operands
from stages.evaluate import by_twin
from stages.grammar import NUMBER, evaluate


def table(*expressions):
    """Rows with columns a, b, c and tgt."""
    numbers = [[int(number) for number in NUMBER.findall(text)] for text in expressions]
    columns = {
        letter: [row[place] if place < len(row) else None for row in numbers] for place, letter in enumerate("abc")
    }
    schema = {**dict.fromkeys("abc", pa.int16()), "tgt": pa.int32()}
    return pa.table(columns | {"tgt": [evaluate(text) for text in expressions]}, pa.schema(schema))


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("12*(3+4)", "(4+3)*12", True),
        ("12*(3+4)", "12*3+4", False),  # another value
        ("1+2", "2+1", True),
        ("1-2", "2-1", False),
        ("1*1*4", "4*1*1", True),
        ("1*4*4", "1*1*4", False),
        ("1+2", "1+2+0", False),  # a missing operand is not 0
        ("3-3", "3-3", True),
        ("2-40", "38*0", False),
    ],
)
def test_twins(one, other, expected):
    assert operands.twins(table(one), table("7*7", other, "8+8")).tolist() == [expected]


def test_large_operands_and_negative_values_are_kept_apart():
    rows = table("998*999*997", "0-998-999", "999*998*998")
    assert operands.twins(rows, table("999*998*997", "999+998")).tolist() == [True, False, False]


def test_metrics_by_twin():
    correct = operands.np.array([True, False, False, True])
    found = by_twin(correct, operands.np.array([True, True, True, False]))
    assert found == {"twins": 0.75, "exact_match_twin": pytest.approx(1 / 3), "exact_match_no_twin": 1}
    assert by_twin(correct, correct | True) == {"twins": 1, "exact_match_twin": 0.5}
