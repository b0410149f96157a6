"""Muon in float32 is PyTorch's within what bfloat16 allows, and a reference in float64 within 1e-5."""

import numpy as np
import pytest
import torch

from stages.network.muon import Muon

SHAPES = (96, 32), (32, 32), (24, 48)
SETTINGS = {"lr": 0.02, "weight_decay": 0.1, "momentum": 0.95, "adjust_lr_fn": "match_rms_adamw"}
UPDATES = 4


def gradients(shape):
    """The gradients of each update, with singular values over four powers of ten, as trainings have them."""
    draw = np.random.default_rng(0)
    scale = np.diag(np.logspace(0, -4, shape[1]))
    return [(draw.normal(size=shape) @ scale).astype(np.float32) for _ in range(UPDATES)]


def updated(optimiser, shape):
    """A weight that began with ones, after all updates."""
    weight = torch.nn.Parameter(torch.ones(shape))
    steps = optimiser([weight], **SETTINGS)
    for gradient in gradients(shape):
        weight.grad = torch.from_numpy(gradient.copy())
        steps.step()
    return weight.detach().numpy()


def reference(shape):
    """The same in float64, by singular value decomposition instead of matrix products."""
    weight, average = np.ones(shape), np.zeros(shape)
    for gradient in gradients(shape):
        average = 0.95 * average + 0.05 * gradient.astype(np.float64)
        u, s, v = np.linalg.svd(0.05 * gradient + 0.95 * average, full_matrices=False)
        s /= np.sqrt((s**2).sum())
        for _ in range(5):
            s = 3.4445 * s - 4.7750 * s**3 + 2.0315 * s**5
        weight = (1 - 0.02 * 0.1) * weight - 0.02 * 0.2 * np.sqrt(max(shape)) * (u * s) @ v
    return weight


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_it_equals_a_reference_in_float64(shape):
    assert np.abs(reference(shape) - 1).max() > 0.01  # the weights do move
    assert np.abs(updated(Muon, shape) - reference(shape)).max() < 1e-5


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_it_equals_pytorch_s_within_what_bfloat16_allows(shape):
    theirs, moved = updated(torch.optim.Muon, shape), np.linalg.norm(reference(shape) - 1)
    assert np.linalg.norm(updated(Muon, shape) - theirs) < 0.02 * moved  # bfloat16 has 8 bits: 0.004 per product
