"""A trained network as one safetensors file: its weights, and as JSON all that is needed to rebuild and use it.

data/models/full-lstm.safetensors  ->  Trained(run='full-lstm', model=Seq2Seq(…), operands=50, history=[…])
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors import numpy as safetensors
from torch import Tensor

from stages.arithmetic.scratchpad import SCRATCHPADS
from stages.common.messages import BadInput
from stages.network import tokens
from stages.network.seq2seq import Seq2Seq

KEY = "trained"  # one key only: several would be written in random order


@dataclass(frozen=True)
class Trained:
    """A trained network, and what it was trained on."""

    run: str
    model: Seq2Seq
    operands: int  # of its corpus: 0..operands-1
    history: list[dict[str, float]]  # one dict per epoch
    scratchpad: str = "none"  # a key of SCRATCHPADS

    @property
    def steps(self) -> int:
        """The most tokens to decode: the corpus' longest answer, + 1 for its `<eos>`."""
        return SCRATCHPADS[self.scratchpad].longest(self.operands) + 1

    def values(self, ids: Tensor) -> Tensor:
        """The values of answers (N, T): all of them, or what is behind the last '=' if the network shows its work."""
        return ids if self.scratchpad == "none" else tokens.values(ids)


def save(path: Path, trained: Trained) -> None:
    """Write the network's weights and fields. Equal networks give byte-identical files."""
    arrays = {name: tensor.cpu().contiguous().numpy() for name, tensor in trained.model.state_dict().items()}
    content = {
        "run": trained.run,
        "shape": trained.model.shape,
        "operands": trained.operands,
        "scratchpad": trained.scratchpad,
        # Columns are listed apart: sorted keys would lose their order
        "history": {"columns": list(trained.history[0]), "rows": [list(epoch.values()) for epoch in trained.history]},
    }
    content["sha256"] = digest(content, arrays)
    metadata = json.dumps(content, sort_keys=True, allow_nan=False)
    path.write_bytes(safetensors.save(arrays, {KEY: metadata}))


def read(path: Path) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """The fields, with `sha256`, and the tensors by name; raises BadInput for a missing, damaged or foreign file."""
    if not path.is_file():
        raise BadInput(f"{path}: no such file; `dvc repro` makes it")
    try:
        with safe_open(path, "np") as file:
            content = json.loads((file.metadata() or {})[KEY])
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dict
        fields = {key: value for key, value in content.items() if key != "sha256"}
        if content["sha256"] != digest(fields, arrays):
            raise BadInput(f"{path}: damaged: its content does not match its checksum; make it again")
    except (SafetensorError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise BadInput(f"{path}: not a model written by `train`, or truncated; make it again") from error
    return content, arrays


def load(path: Path) -> Trained:
    """The network on the CPU, ready to evaluate; raises BadInput as `read` does."""
    content, arrays = read(path)
    model = Seq2Seq(**content["shape"])
    model.load_state_dict({name: torch.from_numpy(array) for name, array in arrays.items()})  # float16 becomes float32
    history = [dict(zip(content["history"]["columns"], row, strict=True)) for row in content["history"]["rows"]]
    return Trained(content["run"], model.eval(), content["operands"], history, content["scratchpad"])


def digest(content: dict[str, Any], arrays: Mapping[str, np.ndarray]) -> str:
    """SHA-256 over all fields, and every tensor's name, type (by PyTorch's name), shape and bytes."""
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode())
    for name, array in sorted(arrays.items()):
        digest.update(f"{name} torch.{array.dtype} {list(array.shape)}".encode())
        digest.update(np.ascontiguousarray(array).view(np.uint8).data)
    return digest.hexdigest()
