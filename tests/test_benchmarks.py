"""The benchmarks compute the right things; only `make bench` measures how fast."""

import math
from dataclasses import replace

import pytest
import torch

from stages.common import params
from stages.network import tokens
from stages.network.learner import Learner
from stages.network.seq2seq import Seq2Seq
from tests.benchmarks import gpu, growth, load, speed, usual

SOURCES = tokens.encode_sources(["7-9=", "12*(3+4)=", "0*0="])
ANSWERS = tokens.encode_answers(["-2", "84", "0"])


@pytest.fixture
def run(committed):
    return replace(params.find(committed, "runs", "full-lstm")[1], embed_dim=8, hidden_dim=8)


@pytest.mark.parametrize("cell", usual.CELLS)
def test_the_usual_network_computes_the_logits_of_ours(cell):
    ours = Seq2Seq(cell, 8, 8, 2)
    other = usual.Packed(**ours.shape)
    other.load_state_dict(ours.state_dict())
    real = ANSWERS != tokens.PAD
    torch.testing.assert_close(other(SOURCES.long(), ANSWERS.shape[1])[real], ours(SOURCES, ANSWERS)[real])


def test_every_way_makes_a_training_pass(run):
    here = speed.ways(run, (SOURCES, ANSWERS), Learner(run, len(SOURCES), torch.device("cpu")))
    on_a_gpu = gpu.ways(run, lambda scratchpad: (SOURCES, ANSWERS), torch.device("cpu"))
    assert (len(here), len(on_a_gpu)) == (3, 9)
    assert all(math.isfinite(train()) for train in (*here.values(), *on_a_gpu.values()))


def test_growth_measures_a_point(run):
    row = growth.point(run, (SOURCES, ANSWERS))
    assert (row["rows"], row["hidden"], row["measured_rows"]) == (3, 8, 3)
    assert row["rows_per_second"] > 0


def test_load_measures_each_way_under_each_load(finished, monkeypatch):
    monkeypatch.setattr(load, "WAYS", [load.OURS])  # each way is a process that imports PyTorch
    monkeypatch.setattr(load, "LOADS", {"alone": 0, "beside one": 1})
    monkeypatch.setattr(load, "ROUNDS", 1)
    rates = load.measure(finished / "samples" / "small" / "train.parquet")
    assert (list(rates.index), list(rates.columns)) == (load.WAYS, list(load.LOADS))
    assert (rates > 0).all(axis=None)
    page = load.report(rates)
    assert f"{load.OURS} (ours)" in page
    assert "| beside one " in page
