"""Characters, token ids and padding, in hand-written tables and round trips."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from stages.common.messages import BadInput
from stages.network import tokens

CHARACTERS = "0123456789+-*()="


def test_the_18_tokens():
    assert tokens.TOKENS == ("<pad>", "<eos>", *CHARACTERS)
    assert (tokens.PAD, tokens.EOS) == (0, 1)


def test_sources_by_hand():
    assert tokens.encode_sources(["7-9=", "(0)*1+23="]).tolist() == [
        [9, 13, 11, 17, 0, 0, 0, 0, 0],
        [15, 2, 16, 14, 3, 12, 4, 5, 17],
    ]


def test_answers_by_hand():
    assert tokens.encode_answers([84, -2, 0, 117649]).tolist() == [
        [10, 6, 1, 0, 0, 0, 0],
        [13, 4, 1, 0, 0, 0, 0],
        [2, 1, 0, 0, 0, 0, 0],
        [3, 3, 9, 8, 6, 11, 1],
    ]


@given(st.lists(st.text(CHARACTERS, min_size=1, max_size=20), min_size=1, max_size=8))
def test_sources_survive_a_round_trip(texts):
    ids = tokens.encode_sources(texts)
    assert ids.shape == (len(texts), max(map(len, texts)))
    assert [tokens.decode(token for token in row if token != 0) for row in ids.tolist()] == texts


@given(st.lists(st.integers(-(2**31), 2**31 - 1), min_size=1, max_size=8))
def test_answers_survive_a_round_trip(numbers):
    ids = tokens.encode_answers(numbers)
    assert [tokens.decode(row) for row in ids.tolist()] == [str(number) for number in numbers]
    assert (ids == 1).sum(dim=1).tolist() == [1] * len(numbers)


@pytest.mark.parametrize("character", ["x", " ", "/", "é", "\0", "٣", "\n"])
def test_an_unknown_character_is_named(character):
    with pytest.raises(BadInput) as error:
        tokens.encode_sources(["1+1=", f"2{character}3="])
    assert repr(character) in str(error.value)
    assert repr(f"2{character}3=") in str(error.value)


def test_values_by_hand():
    """'7=84' and <eos>, '-2' and <eos>, '3=4=' without <eos>, '5' and <eos> behind an empty step, <eos> alone."""
    ids = torch.tensor([[9, 17, 10, 6, 1], [13, 4, 1, 0, 0], [5, 17, 6, 17, 0], [17, 7, 1, 0, 0], [1, 0, 0, 0, 0]])
    assert tokens.values(ids).tolist() == [
        [10, 6, 1, 0, 0],
        [13, 4, 1, 0, 0],
        [0, 0, 0, 0, 0],
        [7, 1, 0, 0, 0],
        [1, 0, 0, 0, 0],
    ]


@given(st.lists(st.tuples(st.text(CHARACTERS, max_size=9), st.integers(-999, 999)), min_size=1, max_size=8))
def test_the_value_is_behind_the_last_equals_sign(rows):
    ids = tokens.encode_answers([f"{work}={value}" for work, value in rows])
    assert [tokens.decode(row) for row in tokens.values(ids).tolist()] == [str(value) for _, value in rows]


def test_decode_stops_at_the_first_eos():
    assert tokens.decode([3, 1, 4, 1]) == "1"
    assert tokens.decode([3, 4]) == "12"
    assert tokens.decode([1]) == ""
    assert tokens.decode([3, 0, 4, 1]) == "1_2"
