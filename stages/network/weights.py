"""A trained network as one safetensors file: its weights, and all that is needed to rebuild and use it.

data/models/full-lstm.safetensors  ->  Trained(run='full-lstm', model=Seq2Seq(…), operands=50, history=[…])
"""

import json
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import numpy as safetensors
from torch import Tensor

from stages import model_file
from stages.command import BadInput
from stages.network import alphabet
from stages.network.seq2seq import Seq2Seq
from stages.scratchpad import SCRATCHPADS


@dataclass(frozen=True)
class Trained:
    """A trained network, its run's name, the operands 0..operands-1 of its corpus, and one dict per epoch.

    `scratchpad` is a key of SCRATCHPADS.
    """

    run: str
    model: Seq2Seq
    operands: int
    history: list[dict[str, float]]
    scratchpad: str = "none"

    @property
    def steps(self) -> int:
        """The most tokens to decode: the corpus' longest answer, + 1 for its `<eos>`."""
        return SCRATCHPADS[self.scratchpad].longest(self.operands) + 1

    def values(self, ids: Tensor) -> Tensor:
        """The values of answers (N, T): all of them, or what is behind the last '=' if the network shows its work."""
        return ids if self.scratchpad == "none" else alphabet.values(ids)


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
    content["sha256"] = model_file.digest(content, arrays)
    metadata = json.dumps(content, sort_keys=True, allow_nan=False)
    path.write_bytes(safetensors.save(arrays, {model_file.KEY: metadata}))


def load(path: Path) -> Trained:
    """The network on the CPU, ready to evaluate; raises BadInput as `model_file.read` does."""
    content, arrays = model_file.read(path)
    with torch.device("meta"):  # shapes without values
        expected = Seq2Seq(**content["shape"]).state_dict()
    columns, rows = content["history"]["columns"], content["history"]["rows"]
    shapes = {name: tuple(tensor.shape) for name, tensor in expected.items()}
    if shapes != {name: array.shape for name, array in arrays.items()} or any(len(row) != len(columns) for row in rows):
        raise BadInput(f"{path}: {model_file.FOREIGN}")
    model = Seq2Seq(**content["shape"])
    model.load_state_dict({name: torch.from_numpy(array) for name, array in arrays.items()})  # float16 becomes float32
    history = [dict(zip(columns, row, strict=True)) for row in rows]
    return Trained(content["run"], model.eval(), content["operands"], history, content["scratchpad"])
