"""Characters, token ids, padding and batches, in hand-written tables and round trips."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from stages.network import EOS, PAD, TOKENS, tokens

CHARACTERS = "0123456789+-*()="


def test_ids_by_hand():
    assert (PAD, EOS, TOKENS) == (0, 1, ("<pad>", "<eos>", *CHARACTERS))
    assert tokens.encode_sources(["7-9=", "(0)*1"]).tolist() == [[9, 13, 11, 17, 0], [15, 2, 16, 14, 3]]
    assert tokens.encode_answers([84, -2, 0]).tolist() == [[10, 6, 1], [13, 4, 1], [2, 1, 0]]


@given(st.lists(st.text(CHARACTERS, min_size=1, max_size=20), min_size=1, max_size=8))
def test_texts_survive_a_round_trip(texts):
    sources, answers = tokens.encode_sources(texts), tokens.encode_answers(texts)
    width = max(map(len, texts))
    assert (sources.shape, answers.shape) == ((len(texts), width), (len(texts), width + 1))
    assert [tokens.decode(id for id in row if id != PAD) for row in sources.tolist()] == texts
    assert [tokens.decode(row) for row in answers.tolist()] == texts
    assert (answers == EOS).sum(dim=1).tolist() == [1] * len(texts)


def test_decode_stops_at_the_first_eos():
    assert [tokens.decode(ids) for ids in ([3, 1, 4, 1], [3, 4], [1], [3, 0, 4, 1])] == ["1", "12", "", "1_2"]


def test_values_by_hand():
    """'7=84' and <eos>, '-2' and <eos>, '3=4=' without <eos>, '5' and <eos> behind an empty step, <eos> alone."""
    ids = torch.tensor([[9, 17, 10, 6, 1], [13, 4, 1, 0, 0], [5, 17, 6, 17, 0], [17, 7, 1, 0, 0], [1, 0, 0, 0, 0]])
    values = [[10, 6, 1, 0, 0], [13, 4, 1, 0, 0], [0, 0, 0, 0, 0], [7, 1, 0, 0, 0], [1, 0, 0, 0, 0]]
    assert tokens.values(ids).tolist() == values


@given(st.lists(st.tuples(st.text(CHARACTERS, max_size=9), st.integers(-999, 999)), min_size=1, max_size=8))
def test_the_value_is_behind_the_last_equals_sign(rows):
    ids = tokens.encode_answers([f"{work}={value}" for work, value in rows])
    assert [tokens.decode(row) for row in tokens.values(ids).tolist()] == [str(value) for _, value in rows]
