"""Keys of operands, twins (the same operands and the same value), and expressions that the corpus does not have."""

import pyarrow as pa
import pytest

from stages.arithmetic import grammar, twins
from stages.common import tables


def table(*expressions):
    """Rows with columns a, b, c and tgt."""
    numbers = [[int(number) for number in grammar.NUMBER.findall(text)] for text in expressions]
    columns = {
        letter: [row[place] if place < len(row) else None for row in numbers] for place, letter in enumerate("abc")
    }
    schema = pa.schema([tables.EXPRESSIONS.field(name) for name in ("a", "b", "c", "tgt")])
    return pa.table(columns | {"tgt": [grammar.value(text) for text in expressions]}, schema)


@pytest.mark.parametrize(
    ("left", "right", "same_operands", "are_twins"),
    [
        ("12*(3+4)", "(4+3)*12", True, True),
        ("12*(3+4)", "12*3+4", True, False),
        ("1+2", "2+1", True, True),
        ("1-2", "2-1", True, False),
        ("1*1*4", "4*1*1", True, True),
        ("1*4*4", "1*1*4", False, False),
        ("1+2", "1+2+0", False, False),  # a missing operand is not 0
        ("2-40", "38*0", False, False),
        ("11+2+3", "1+12+3", False, False),
        ("998*999*997", "999*998*997", True, True),
        ("999*998*998", "999*998*997", False, False),
        ("0-998-999", "0+998+999", True, False),
    ],
)
def test_keys_and_twins(left, right, same_operands, are_twins):
    assert (twins.keys(table(left)) == twins.keys(table(right))).tolist() == [same_operands]
    assert twins.twins(table(left), table("7*7", right, "8+8")).tolist() == [are_twins]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("12*(3+4)=", None),
        (" 12 * ( 3 + 4 ) ", None),
        ("49-0", None),
        ("50-0", "an operand above 49"),
        ("007+1", "an operand with a leading zero"),
        ("(1+2)+3", "an expression of this shape"),
        ("1+2+3+4", "an expression of this shape"),
        ("7", "an expression of this shape"),
    ],
)
def test_unseen(text, reason):
    assert twins.unseen(text, 50) == reason
