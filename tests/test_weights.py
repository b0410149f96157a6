"""The model file: it loads exactly what was saved or is refused, and a forged shape allocates no memory."""

import json
import random
import subprocess
import sys
import tracemalloc

import numpy as np
import pytest
import safetensors.numpy
import torch
from conftest import ROOT

from stages.common.messages import BadInput
from stages.network import weights
from stages.network.cells import CELLS
from stages.network.seq2seq import DECODERS, Seq2Seq

HISTORY = [
    {"epoch": 1, "train_loss": 0.1 + 0.2, "train_token_accuracy": 0.5},
    {"epoch": 2, "train_loss": 0.25, "train_token_accuracy": 1.0},
]
FLIPS = 1000


def network(cell="lstm", decoder="attention") -> weights.Trained:
    torch.manual_seed(1)
    return weights.Trained("small-lstm", Seq2Seq(cell, 4, 6, 2, decoder), 12, HISTORY)


@pytest.fixture
def path(tmp_path):
    weights.save(tmp_path / "r.safetensors", network())
    return tmp_path / "r.safetensors"


def same(one: weights.Trained, two: weights.Trained) -> bool:
    ours, theirs = one.model.state_dict(), two.model.state_dict()
    return (
        (one.run, one.operands, one.history, one.model.shape) == (two.run, two.operands, two.history, two.model.shape)
        and ours.keys() == theirs.keys()
        and all(torch.equal(ours[name], theirs[name]) for name in ours)
    )


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("decoder", DECODERS)
def test_a_saved_network_loads_unchanged(cell, decoder, tmp_path):
    saved = network(cell, decoder)
    weights.save(tmp_path / "r.safetensors", saved)
    again = weights.load(tmp_path / "r.safetensors")
    assert same(again, saved)
    assert [list(epoch) for epoch in again.history] == [list(epoch) for epoch in HISTORY]  # the columns' order too
    assert type(again.history[0]["epoch"]) is int


def test_no_flipped_bit_gives_another_value(path):
    content, saved, chance = path.read_bytes(), network(), random.Random(1)
    header = 8 + int.from_bytes(content[:8], "little")
    refused = 0
    for number in range(FLIPS):  # half of them in the header, which is the smaller part of the file
        bit = chance.randrange(8 * header if number % 2 else 8 * len(content))
        path.write_bytes(content[: bit // 8] + bytes([content[bit // 8] ^ 1 << bit % 8]) + content[bit // 8 + 1 :])
        try:
            assert same(weights.load(path), saved)
        except BadInput as error:
            refused += str(error).startswith(f"{path}: ")
    assert refused > 0.9 * FLIPS


def test_two_processes_write_equal_bytes(path, tmp_path):
    code = "import sys, pathlib; sys.path.insert(0, 'tests'); from test_weights import network, weights; "
    code += "weights.save(pathlib.Path(sys.argv[1]), network())"
    command = [sys.executable, "-c", code, tmp_path / "again"]
    subprocess.run(command, cwd=ROOT, check=True, timeout=120)
    assert (tmp_path / "again").read_bytes() == path.read_bytes()


def test_the_file_is_read_without_pytorch(path):
    tensors = safetensors.numpy.load_file(path)
    model = network().model.state_dict()
    assert {name: value.shape for name, value in tensors.items()} == {n: tuple(v.shape) for n, v in model.items()}
    assert all(np.array_equal(value, model[name].numpy()) for name, value in tensors.items())
    content = path.read_bytes()
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    metadata = header["__metadata__"]
    assert list(metadata) == ["trained"]
    assert list(json.loads(metadata["trained"])) == ["history", "operands", "run", "scratchpad", "sha256", "shape"]


def rewritten(path, change) -> None:
    """Rewrite the file with changed metadata; the tensors and the checksum stay as they are."""
    tensors = safetensors.numpy.load_file(path)
    content = path.read_bytes()
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    metadata = json.loads(header["__metadata__"]["trained"])
    change(metadata)
    safetensors.numpy.save_file(tensors, path, {"trained": json.dumps(metadata)})


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("layers", 10**7),
        ("layers", 17),
        ("layers", 0),
        ("hidden_dim", 10**9),
        ("hidden_dim", 8192),
        ("embed_dim", "4"),
        ("cell", "perceptron"),
        ("decoder", "bahdanau"),
        ("extra", 1),
    ],
)
def test_an_impossible_shape_is_refused_before_it_takes_memory(key, value, path):
    rewritten(path, lambda metadata: metadata["shape"].update({key: value}))
    tracemalloc.start()
    with pytest.raises(BadInput, match=r"not a model written by this version of `train`|does not match its checksum"):
        weights.load(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2**24


@pytest.mark.parametrize(
    "change",
    [
        lambda metadata: metadata.update(operands=0),
        lambda metadata: metadata.update(operands=10**9),
        lambda metadata: metadata.update(run="../elsewhere"),
        lambda metadata: metadata["history"].update(rows=[]),
        lambda metadata: metadata["history"].update(columns=["epoch"]),
        lambda metadata: metadata.pop("sha256"),
    ],
)
def test_other_metadata_is_refused(change, path):
    rewritten(path, change)
    with pytest.raises(BadInput, match="not a model written by this version of `train`"):
        weights.load(path)


def test_a_valid_value_other_than_the_saved_one_is_refused(path):
    rewritten(path, lambda metadata: metadata.update(operands=13))
    with pytest.raises(BadInput, match="damaged"):
        weights.load(path)


def test_the_kept_network_is_half_as_large_and_loads_as_float32(path, tmp_path):
    saved = network()
    saved.model.half()
    weights.save(tmp_path / "half.safetensors", saved)
    assert (tmp_path / "half.safetensors").stat().st_size < path.stat().st_size
    again = weights.load(tmp_path / "half.safetensors")
    for name, weight in again.model.state_dict().items():
        assert weight.dtype == torch.float32
        assert torch.equal(weight, saved.model.state_dict()[name].float())
