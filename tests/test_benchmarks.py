"""The benchmarks compute the right things; only `make bench` measures how fast."""

import math
from dataclasses import replace

import pandas as pd
import pytest
import torch

from stages.common import params
from stages.common.messages import BadInput
from stages.network import tokens
from stages.network.learner import Learner
from stages.network.seq2seq import Seq2Seq
from tests.benchmarks import gpu, growth, load, speed, usual

SOURCES = tokens.encode_sources(["7-9=", "12*(3+4)=", "0*0="])
ANSWERS = tokens.encode_answers(["-2", "84", "0"])


@pytest.fixture
def run(committed):
    return replace(params.find(committed, "runs", "full-lstm")[1], embed_dim=8, hidden_dim=8)


@pytest.mark.parametrize("rival", [usual.Packed, usual.Padded])
@pytest.mark.parametrize("cell", usual.CELLS)
def test_the_usual_networks_compute_the_logits_of_ours(cell, rival):
    ours = Seq2Seq(cell, 8, 8, 2)
    other = rival(**ours.shape)
    other.load_state_dict(ours.state_dict())
    real = ANSWERS != tokens.PAD
    torch.testing.assert_close(other(SOURCES.long(), ANSWERS.shape[1])[real], ours(SOURCES, ANSWERS)[real])


def test_the_usual_networks_refuse_other_decoders():
    with pytest.raises(BadInput, match="attention"):
        usual.Packed("gru", 8, 8, 2, "attention")


def test_every_way_makes_a_training_pass(run):
    found = speed.ways(run, (SOURCES, ANSWERS), Learner(run, len(SOURCES), torch.device("cpu")))
    assert len(found) == 6
    assert all(math.isfinite(call()) for call in found.values())


def test_every_way_on_a_gpu_makes_a_training_pass(run):
    found = gpu.ways(run, lambda scratchpad: (SOURCES, ANSWERS), torch.device("cpu"))
    assert len(found) == 9
    assert all(math.isfinite(call()) for call in found.values())


def test_growth_measures_a_point(run):
    row = growth.point(run, (SOURCES, ANSWERS))
    assert (row["rows"], row["hidden"], row["measured_rows"]) == (3, 8, 3)
    assert row["rows_per_second"] > 0


# By hand: 0.97 of 2,000 is 1,940; beside one busy process on two cores 0.8 * 2/3 of the rate alone, beside two 0.8 / 2.
RATES = pd.DataFrame(
    {
        "alone": [1_700.0, 1_950.0, 2_000.0, 1_200.0],
        "beside one": [450.0, 1_100.0, 900.0, 1_150.0],
        "beside two": 500.0,
    },
    index=["spinning", "short", "none", "one"],
)


def test_goals_under_load():
    assert load.goals(RATES, "short", cores=2) == pytest.approx({"alone": 1940, "beside one": 1040, "beside two": 780})
    assert load.goals(RATES, "none", cores=8)["beside one"] == pytest.approx(2_000 * 0.8 * 8 / 9)


def test_the_choice_under_load_is_nearest_to_its_goals():
    """By hand: short misses beside two (500 of 780), none (500 of 800), one alone (1,200 of 1,940)."""
    assert load.choice(RATES, cores=2) == ("short", pytest.approx(500 / 780))
    assert load.choice(RATES.drop("short"), cores=2)[0] == "none"


def test_load_measures_each_way_under_each_load(finished, tmp_path, monkeypatch):
    monkeypatch.setattr(load, "WAYS", [load.OURS, "OMP_NUM_THREADS=1"])
    monkeypatch.setattr(load, "LOADS", {"alone": 0, "beside one": 1})
    monkeypatch.setattr(load, "ROUNDS", 1)
    rates = load.measure(finished / "samples" / "small" / "train.parquet")
    assert list(rates.index) == load.WAYS
    assert list(rates.columns) == list(load.LOADS)
    assert (rates > 0).all(axis=None)
    page = load.report(rates, cores=2)
    assert f"{load.OURS} (ours)" in page
    assert "| beside one |" in page


def test_load_ends_with_its_training(tmp_path, monkeypatch):
    monkeypatch.setattr(load, "WAYS", load.WAYS[:1])  # each way is a process that imports PyTorch
    with pytest.raises(BadInput, match="GOMP_SPINCOUNT=300000: the training ended"):
        load.measure(tmp_path / "nothing.parquet")
