"""A trained network as one safetensors file: its weights, and what is needed to rebuild it and to use it.

data/models/full-lstm.safetensors  ->  Trained(run='full-lstm', model=Seq2Seq(…), operands=50, history=[…])

The metadata has one key, `trained`, whose JSON says run, shape, operands and history, and a SHA-256 over these and the
tensors. Nothing in such a file can be code, and it is read without PyTorch too.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import torch
from pydantic import ConfigDict, Field, ValidationError, create_model
from safetensors import SafetensorError, safe_open
from safetensors import torch as safetensors
from torch import Tensor

from stages import grammar, params, seal
from stages.command import BadInput
from stages.network.seq2seq import Seq2Seq

KEY = "trained"  # one key only: several would be written in random order
CHECKED = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

_ALLOWED = get_type_hints(params.Run, include_extras=True)  # the ranges of params.yaml
_SHAPE = {name: (_ALLOWED[name], ...) for name in ("cell", "embed_dim", "hidden_dim", "layers", "decoder")}
_OPERANDS = get_type_hints(params.Corpus, include_extras=True)["operands"]
_EPOCHS = {"columns": (list[str], ...), "rows": (Annotated[list[list[int | float]], Field(min_length=1)], ...)}
_Content = create_model(
    "_Content",
    __config__=CHECKED,
    run=(params.Name, ...),
    shape=(create_model("_Shape", __config__=CHECKED, **_SHAPE), ...),
    operands=(_OPERANDS, ...),
    history=(create_model("_History", __config__=CHECKED, **_EPOCHS), ...),
    sha256=(str, ...),
)


@dataclass(frozen=True)
class Trained:
    """A network, the run that made it, the operands 0..operands-1 of its corpus, and a dict per epoch."""

    run: str
    model: Seq2Seq
    operands: int
    history: list[dict[str, float]]

    @property
    def steps(self) -> int:
        """Tokens to decode at most: the corpus' longest answer and + 1 for its `<eos>`."""
        return grammar.longest_answer(self.operands) + 1


def save(path: Path, trained: Trained) -> None:
    """Write the network with its weights on the CPU; equal networks give equal bytes."""
    tensors = {name: tensor.cpu().contiguous() for name, tensor in trained.model.state_dict().items()}
    content = {
        "run": trained.run,
        "shape": trained.model.shape,
        "operands": trained.operands,
        # The columns apart, for sorted keys would not keep their order
        "history": {"columns": list(trained.history[0]), "rows": [list(epoch.values()) for epoch in trained.history]},
    }
    content["sha256"] = _digest(content, tensors)
    path.write_bytes(safetensors.save(tensors, {KEY: json.dumps(content, sort_keys=True, allow_nan=False)}))


def load(path: Path) -> Trained:
    """The network on the CPU, ready to evaluate; raises BadInput for a missing, damaged or foreign file.

    A shape that params.yaml could not have is refused before anything of its size is allocated.
    """
    if not path.is_file():
        raise BadInput(f"{path}: no such file; `dvc repro` makes it")
    try:
        with safe_open(path, "pt") as file:
            names = list(file.keys())
            content = _Content.model_validate_json((file.metadata() or {})[KEY])
            found = {name: file.get_slice(name).get_shape() for name in names}
            with torch.device("meta"):  # shapes without numbers
                expected = Seq2Seq(**content.shape.model_dump()).state_dict()
            if found != {name: list(tensor.shape) for name, tensor in expected.items()}:
                raise ValueError("tensors of another shape")
            columns, rows = content.history.columns, content.history.rows
            if not {"train_loss", "train_token_accuracy"} <= set(columns):
                raise ValueError("no training")
            history = [dict(zip(columns, row, strict=True)) for row in rows]
            tensors = {name: file.get_tensor(name) for name in found}
    except (SafetensorError, ValidationError, KeyError, ValueError) as error:
        raise BadInput(f"{path}: not a model that `train` wrote, or cut short; make it again") from error
    told = content.model_dump()
    if told.pop("sha256") != _digest(told, tensors):
        raise BadInput(f"{path}: {seal.BROKEN}")
    model = Seq2Seq(**told["shape"])
    model.load_state_dict(tensors)  # float16 becomes float32
    return Trained(content.run, model.eval(), content.operands, history)


def _digest(content: dict[str, Any], tensors: Mapping[str, Tensor]) -> str:
    """SHA-256 over all fields, and every tensor's name, type, shape and bytes."""
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode())
    for name, tensor in sorted(tensors.items()):
        digest.update(f"{name} {tensor.dtype} {list(tensor.shape)}".encode())
        digest.update(tensor.view(torch.uint8).numpy())
    return digest.hexdigest()
