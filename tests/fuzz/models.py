"""Damage to a small network's file: refused, or equal to what safetensors' NumPy reader and Python's json read.

hidden_dim changed from 4 to 5 in the header  ->  refused; run renamed, with a new checksum  ->  accepted
"""

import hashlib
import json
import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from safetensors import numpy as safetensors

from stages.network import weights
from stages.network.seq2seq import Seq2Seq
from tests.fuzz import mutations
from tests.fuzz.params import RUN, name, whole
from tests.fuzz.trial import Input

COLUMNS = "epoch", "train_loss", "train_token_accuracy", "clipped", "valid_loss"
VALUES = (0, 1, -1, 3, 5, 51, 1001, 10**9, 0.5, -0.5, 1e308, float("nan"), None, True, "", "gru", "lstm", "x" * 200)
VALUES += ("attention", "feedback", "a/b", "name-2", [], [[1, 2]], {}, "0" * 64, "\x1b[31m")


def inputs(folder: Path) -> Callable[[random.Random, int], Input]:
    path = folder / "model.safetensors"
    known = [_saved(path, *shape) for shape in (("lstm", "context"), ("gru", "attention"))]

    def make(rng: random.Random, number: int) -> Input:
        whole_file = rng.choice(known)
        match rng.randrange(10):
            case 0 | 1 | 2 | 3:
                content, how = _header(rng, whole_file)
            case 4 if rng.random() < 0.2:
                content, how = whole_file, "as it is"
            case _:
                ways = rng.choices(mutations.BYTES + mutations.ONE_BIT, k=rng.choice((1, 1, 2)))
                content, how = whole_file, mutations.described(ways)
                for way in ways:
                    content = way(rng, content) if content else content
        path.write_bytes(content)
        own = content if "new checksum" in how else whole_file  # the file whose values must be read
        return Input(how, lambda: weights.load(path), lambda found: wrong(found, own, content))

    return make


def wrong(found: weights.Trained, *files: bytes) -> str:
    """How the network differs from the content of the files, or an empty text."""
    for file in files:
        header, _ = _parts(file)
        metadata, tensors = json.loads(header["__metadata__"]["trained"]), safetensors.load(file)
        names, rows = metadata["history"]["columns"], metadata["history"]["rows"]
        history = [dict(zip(names, row, strict=True)) for row in rows]
        if (found.run, found.operands, found.history) != (metadata["run"], metadata["operands"], history):
            return "another run, history or other operands"
        if found.model.shape != metadata["shape"]:
            return "another shape"
        state = {key: tensor.numpy() for key, tensor in found.model.state_dict().items()}
        if state.keys() != tensors.keys():
            return "other tensors"
        if not all(np.array_equal(state[key], tensors[key].astype(np.float32), equal_nan=True) for key in state):
            return "other weights"
        if metadata["sha256"] != _digest(metadata, tensors):
            return "not the checksum"
    ranges = {**{key: RUN[key] for key in found.model.shape}, "run": name, "operands": whole(1, 1000)}
    values = {**found.model.shape, "run": found.run, "operands": found.operands}
    return "" if all(ranges[key](value) for key, value in values.items()) else f"out of range: {values}"


def _saved(path: Path, cell: str, decoder: str) -> bytes:
    torch.manual_seed(0)
    history = [dict(zip(COLUMNS, (epoch, 2.5 / epoch, 0.1 * epoch, 0.0, 2.25), strict=True)) for epoch in (1, 2)]
    weights.save(path, weights.Trained("small-run", Seq2Seq(cell, 4, 4, 1, decoder), 50, history))
    weights.load(path)  # so that PyTorch's first imports count in no input's time
    return path.read_bytes()


def _parts(file: bytes) -> tuple[dict, bytes]:
    """The header and the bytes of the tensors, as the format defines them: 8 bytes of length, then JSON."""
    end = 8 + int.from_bytes(file[:8], "little")
    return json.loads(file[8:end]), file[end:]


def _header(rng: random.Random, file: bytes) -> tuple[bytes, str]:
    """The file with one changed value in its header, and in half of the cases with the right checksum for it."""
    header, data = _parts(file)
    if rng.random() < 0.3:
        key = rng.choice([key for key in header if key != "__metadata__"])
        part = rng.choice(("dtype", "shape", "data_offsets", "name"))
        match part:
            case "dtype":
                header[key][part] = rng.choice(("F16", "BF16", "I32", "F64", "U8", "X"))
            case "name":
                header[rng.choice(("decoder.x", "", "encoder.weight_ih_l9"))] = header.pop(key)
            case _:
                at = rng.randrange(len(header[key][part]))
                header[key][part][at] = rng.choice((0, 1, 4, -1, header[key][part][at] + 4, 2**40, 2**63))
        return _joined(header, data), f"header: {part} changed"
    metadata = json.loads(header["__metadata__"]["trained"])
    places = [(metadata, key) for key in metadata] + [(metadata["shape"], key) for key in metadata["shape"]] * 2
    places += [(metadata["history"]["rows"][0], 1), (metadata["history"]["columns"], 0), (metadata["history"], "rows")]
    inside, key = rng.choice(places)
    inside[key] = rng.choice(VALUES)
    how = f"header: {key} changed"
    if rng.random() < 0.5:
        metadata["sha256"] = _digest({k: v for k, v in metadata.items() if k != "sha256"}, safetensors.load(file))
        how += ", new checksum"
    header["__metadata__"]["trained"] = json.dumps(metadata, sort_keys=True)
    return _joined(header, data), how


def _joined(header: dict, data: bytes) -> bytes:
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + data


def _digest(metadata: dict, tensors: dict[str, np.ndarray]) -> str:
    """The checksum as `stages/model_file.py` defines it, computed independently."""
    metadata = {key: value for key, value in metadata.items() if key != "sha256"}
    digest = hashlib.sha256(json.dumps(metadata, sort_keys=True).encode())
    for key, tensor in sorted(tensors.items()):
        digest.update(f"{key} torch.{tensor.dtype} {list(tensor.shape)}".encode())
        digest.update(tensor.tobytes())
    return digest.hexdigest()
