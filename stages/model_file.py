"""A model file as fields and NumPy arrays, without PyTorch; `network/weights` builds a network from it.

data/models/full-lstm.safetensors  ->  {'run': 'full-lstm', 'shape': {'cell': 'lstm', …}, …}, {'embedding.weight': …}

The metadata has one key, `trained`: JSON with run, shape, operands, scratchpad, history, and a SHA-256 of all of it and
the tensors.
Such a file cannot contain code. Row 2 of the embedding belongs to TOKENS[2], '0'.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import numpy as np
from pydantic import ConfigDict, Field, ValidationError, create_model
from safetensors import SafetensorError, safe_open

from stages import choices, params, seal
from stages.command import BadInput

# The tokens that a network reads and writes; a token's id is its place in TOKENS
PAD = 0  # padding up to the longest row of a table, not counted in the loss; also the decoder's start token
EOS = 1  # ends every answer, so that its length is learned; a source ends with '=' instead
TOKENS = ("<pad>", "<eos>", *"0123456789+-*()=")

CALCULATOR = "calculator"  # the pretrained model in git, made by the study of this name
KEY = "trained"  # one key only: several would be written in random order
FOREIGN = "not a model written by this version of `train`, or truncated; make it again"
CHECKED = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

_ALLOWED = get_type_hints(params.Run, include_extras=True)  # the ranges allowed in params.yaml
_SHAPE: dict[str, Any] = {
    name: (_ALLOWED[name], ...) for name in ("cell", "embed_dim", "hidden_dim", "layers", "decoder")
}
_OPERANDS = get_type_hints(params.Corpus, include_extras=True)["operands"]
_EPOCHS: dict[str, Any] = {
    "columns": (list[str], ...),
    "rows": (Annotated[list[list[int | float]], Field(min_length=1)], ...),
}
_Content = create_model(
    "_Content",
    __config__=CHECKED,
    run=(params.Name, ...),
    shape=(create_model("_Shape", __config__=CHECKED, **_SHAPE), ...),
    operands=(_OPERANDS, ...),
    scratchpad=(choices.Scratchpad, ...),
    history=(create_model("_History", __config__=CHECKED, **_EPOCHS), ...),
    sha256=(str, ...),
)


def read(path: Path) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """The fields, with `sha256`, and the tensors by name; raises BadInput for a missing, damaged or foreign file.

    A shape that params.yaml would not allow is refused before memory for it is allocated.
    """
    if not path.is_file():
        raise BadInput(f"{path}: no such file; `dvc repro` makes it")
    try:
        with safe_open(path, "np") as file:
            names = list(file.keys())
            content = _Content.model_validate_json((file.metadata() or {})[KEY]).model_dump()
            if not {"train_loss", "train_token_accuracy"} <= set(content["history"]["columns"]):
                raise ValueError("no training")
            if types := {file.get_slice(name).get_dtype() for name in names} - {"F16", "F32"}:
                raise ValueError(f"tensors of other types: {types}")
            arrays = {name: file.get_tensor(name) for name in names}
    except (SafetensorError, ValidationError, KeyError, ValueError) as error:
        raise BadInput(f"{path}: {FOREIGN}") from error
    if content["sha256"] != digest({key: value for key, value in content.items() if key != "sha256"}, arrays):
        raise BadInput(f"{path}: {seal.BROKEN}")
    return content, arrays


def digest(content: dict[str, Any], arrays: Mapping[str, np.ndarray]) -> str:
    """SHA-256 over all fields, and every tensor's name, type (by PyTorch's name), shape and bytes."""
    found = hashlib.sha256(json.dumps(content, sort_keys=True).encode())
    for name, array in sorted(arrays.items()):
        found.update(f"{name} torch.{array.dtype} {list(array.shape)}".encode())
        found.update(np.ascontiguousarray(array).view(np.uint8).data)
    return found.hexdigest()
