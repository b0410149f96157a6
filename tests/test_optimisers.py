"""Muon for the matrices inside a network, AdamW for the rest."""

import pytest
import torch
from torch.optim import AdamW, Muon

from stages.network.cells import CELLS
from stages.network.learner import OPTIMISERS
from stages.network.seq2seq import Seq2Seq

EDGES = {"embedding.weight", "head.2.weight"}


@pytest.fixture(params=CELLS)
def model(request):
    torch.manual_seed(1)
    return Seq2Seq(request.param, 5, 6, 2, "attention")


def test_every_weight_has_one_optimiser(model):
    matrices, rest = OPTIMISERS["muon"](model, 0.01)
    assert (type(matrices), type(rest)) == (Muon, AdamW)
    chosen = {id(weight) for group in matrices.param_groups for weight in group["params"]}
    others = {id(weight) for group in rest.param_groups for weight in group["params"]}
    for name, weight in model.named_parameters():
        inside = weight.ndim == 2 and name not in EDGES
        assert (id(weight) in chosen) == inside
        assert (id(weight) in others) != inside


def test_an_update_of_muon(model):
    """Singular values near 1, as Newton-Schulz in bfloat16 makes them, times the scale of Liu et al. 2025."""
    before = model.encoder.weight_hh_l1.detach().clone()
    for weight in model.parameters():
        weight.grad = torch.randn_like(weight)
    OPTIMISERS["muon"](model, 0.01)[0].step()
    scale = 0.01 * 0.2 * max(before.shape) ** 0.5
    decayed = before * (1 - 0.01 * 0.1)
    values = torch.linalg.svdvals((decayed - model.encoder.weight_hh_l1.detach()) / scale)
    assert (values > 0.6).all()
    assert (values < 1.3).all()


def test_both_follow_the_learning_rate(model):
    assert [one.param_groups[0]["lr"] for one in OPTIMISERS["muon"](model, 0.02)] == [0.02, 0.02]
