"""The benchmarks compute what they are said to; how fast is measured by `make bench` only."""

import math
from dataclasses import replace

import pytest
import torch

from stages import params
from stages.command import BadInput
from stages.network import alphabet
from stages.network.learner import Learner
from stages.network.seq2seq import Seq2Seq
from tests.benchmarks import growth, speed, usual

SOURCES = alphabet.encode_sources(["7-9=", "12*(3+4)=", "0*0="])
ANSWERS = alphabet.encode_answers(["-2", "84", "0"])


@pytest.fixture
def run(committed):
    return replace(params.find(committed, "runs", "full-lstm")[1], embed_dim=8, hidden_dim=8)


@pytest.mark.parametrize("rival", [usual.Packed, usual.Padded])
@pytest.mark.parametrize("cell", usual.CELLS)
def test_the_usual_networks_say_what_ours_says(cell, rival):
    ours = Seq2Seq(cell, 8, 8, 2)
    other = rival(**ours.shape)
    other.load_state_dict(ours.state_dict())
    real = ANSWERS != alphabet.PAD
    torch.testing.assert_close(other(SOURCES.long(), ANSWERS.shape[1])[real], ours(SOURCES, ANSWERS)[real])


def test_they_have_no_other_decoder():
    with pytest.raises(BadInput, match="attention"):
        usual.Packed("gru", 8, 8, 2, "attention")


def test_every_way_of_training_is_a_pass(run):
    found = speed.ways(run, (SOURCES, ANSWERS), Learner(run, len(SOURCES), torch.device("cpu")))
    assert len(found) == 6
    assert all(math.isfinite(call()) for call in found.values())


def test_growth_measures_a_point(run):
    row = growth.point(run, (SOURCES, ANSWERS))
    assert (row["rows"], row["hidden"], row["measured_rows"]) == (3, 8, 3)
    assert row["rows_per_second"] > 0
