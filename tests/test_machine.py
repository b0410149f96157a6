"""How exact products are, and that nobody else's are changed."""

import os
import runpy
import typing
from contextlib import suppress

import pytest
import torch

from stages import params
from stages.network import machine


def test_params_allow_just_these_precisions():
    assert set(typing.get_args(params.Run.__dataclass_fields__["precision"].type)) == set(machine.PRECISIONS)


@pytest.mark.parametrize(("name", "matmul", "tf32"), [("float32", "highest", False), ("bf16", "medium", True)])
def test_precision_holds_inside_only(name, matmul, tf32):
    before = torch.get_float32_matmul_precision(), torch.backends.cudnn.allow_tf32
    with suppress(ZeroDivisionError), machine.precision(name):
        assert (torch.get_float32_matmul_precision(), torch.backends.cudnn.allow_tf32) == (matmul, tf32)
        raise ZeroDivisionError
    assert (torch.get_float32_matmul_precision(), torch.backends.cudnn.allow_tf32) == before


def test_bf16_products_are_near_float32_s():
    a, b = torch.randn(64, 256), torch.randn(256, 64)
    with machine.precision("bf16"):
        found = a @ b
    assert (found - a @ b).abs().max() < 0.3  # of a spread of 16; bf16 has 8 bits


def test_a_cpu_s_forward_pass_is_never_cast():
    with machine.autocast("bf16", torch.device("cpu")):
        assert (torch.randn(2, 2) @ torch.randn(2, 2)).dtype == torch.float32
        assert not torch.is_autocast_enabled("cuda")


@pytest.mark.parametrize(("given", "kept"), [(None, "20000"), ("7", "7")])
def test_more_products_are_kept_unless_somebody_says_how_many(given, kept, monkeypatch):
    monkeypatch.setenv("ONEDNN_PRIMITIVE_CACHE_CAPACITY", given or "")
    if given is None:
        monkeypatch.delenv("ONEDNN_PRIMITIVE_CACHE_CAPACITY")
    runpy.run_path(machine.__file__)
    assert os.environ["ONEDNN_PRIMITIVE_CACHE_CAPACITY"] == kept
