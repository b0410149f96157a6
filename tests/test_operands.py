"""Rows with the same operands: on one side of a split, and twins if they have the same value too."""

import numpy as np
import pyarrow as pa
import pytest

from stages.arithmetic import twins
from stages.arithmetic.grammar import NUMBER, evaluate
from stages.common import tables
from stages.evaluate import by_twin
from stages.sample import by_operands, by_rows, operand_keys


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
    assert twins.twins(table(one), table("7*7", other, "8+8")).tolist() == [expected]


def test_large_operands_and_negative_values_are_kept_apart():
    rows = table("998*999*997", "0-998-999", "999*998*998")
    assert twins.twins(rows, table("999*998*997", "999+998")).tolist() == [True, False, False]


def test_metrics_by_twin():
    correct = np.array([True, False, False, True])
    found = by_twin(correct, np.array([True, True, True, False]))
    assert found == {"twins": 0.75, "exact_match_twin": pytest.approx(1 / 3), "exact_match_no_twin": 1}
    assert by_twin(correct, correct | True) == {"twins": 1, "exact_match_twin": 0.5}


KEYS = np.random.default_rng(0).integers(0, 300, 5000)  # 300 multisets of operands, about 17 rows each


@pytest.mark.parametrize(("size", "share"), [("all", 0.1), (900, 0.1), (900, 0.5), (4000, 0.1), (2, 0.5)])
def test_the_same_operands_are_on_one_side(size, share):
    train, valid = by_operands(KEYS, size, share, seed=42)
    assert not set(KEYS[train]) & set(KEYS[valid])
    both = np.concatenate([train, valid])
    assert len(set(both.tolist())) == len(both)
    sizes = [len(part) for part in by_rows(KEYS, size, share, seed=42)]
    if size == "all":
        assert len(both) == len(KEYS)
        assert 0 <= len(valid) - sizes[1] < np.bincount(KEYS).max()
    else:
        assert [len(train), len(valid)] == sizes


def test_operands_are_drawn_from_all_by_the_seed():
    first, again, other = (by_operands(KEYS, 900, 0.1, seed) for seed in (1, 1, 2))
    assert all(map(np.array_equal, first, again))
    assert set(KEYS[first[1]]) != set(KEYS[other[1]])
    held_out = set()
    for seed in range(80):
        held_out |= set(KEYS[by_operands(KEYS, "all", 0.1, seed)[1]])
    assert held_out == set(range(300))


@pytest.mark.parametrize("size", ["all", 4])
def test_operands_that_cannot_be_split(size):
    with pytest.raises(ValueError, match="the operands leave 0 and 5 rows"):
        by_operands(np.zeros(5), size, 0.5, seed=1)


def test_operands_in_any_order_and_template(tmp_path):
    """Hand-written rows: the first three have the same operands; a missing one is not 0."""
    rows = {
        "src": ["1+2+3=", "3*(1-2)=", "2*3*1=", "1+2=", "2*1=", "0+1+2=", "11+2+3="],
        "tgt": [6, -3, 6, 3, 2, 3, 16],
        "steps": ["?"] * 7,
        "a": [1, 3, 2, 1, 2, 0, 11],
        "b": [2, 1, 3, 2, 1, 1, 2],
        "c": [3, 2, 1, None, None, 2, 3],
    }
    path = tmp_path / "rows.parquet"
    tables.write_table(path, pa.table(rows | {"template": pa.array(["?"] * 7).dictionary_encode()}, tables.EXPRESSIONS))
    keys = operand_keys(path).tolist()
    assert keys[0] == keys[1] == keys[2]
    assert keys[3] == keys[4]
    assert len(set(keys)) == 4
