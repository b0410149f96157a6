"""The page's calculator: a network as text that the browser unpacks, and example rows.

Seq2Seq's 449,042 numbers in float16  ->  "eNqM…", 1.0 MB of base64

Int8 with a scale for each row is shorter, but changed 267 of 20,000 answers of an earlier network; float16 changes none
of 263,250 (reports/studies/calculator/scratchpad/rounding.json).
"""

import base64
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open

from stages.arithmetic import asking, grammar
from stages.arithmetic.scratchpad import SCRATCHPADS
from stages.common.messages import BadInput
from stages.network import EOS, PAD, TOKENS
from stages.page.whole import Whole

PICKED = 1000  # wrong answers to pick from, at most
WIDEST = 60  # characters of an expression whose attention is shown: drawing many more would block typing


@dataclass(frozen=True)
class Calculator:
    """`facts` are what network.js and expression.js have to know, `weights` the packed tensors in its order."""

    facts: dict[str, Any]
    weights: str


def calculator(path: Path, whole: Whole | None) -> Calculator | None:
    """The calculator of the model file at `path`; None if there is no file.

    Raises BadInput if the file is damaged, or `whole` is about other weights.
    """
    if not path.exists():
        return None
    try:
        with safe_open(path, "np") as file:
            content = json.loads(file.metadata()["trained"])
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dict
    except (SafetensorError, TypeError, KeyError, ValueError) as error:
        raise BadInput(f"{path}: cannot be read ({error}); `git checkout {path}` brings it back") from error
    if whole and whole.rounding["sha256"] != content["sha256"]:
        raise BadInput(f"{path}: not the weights that rounding.json was computed from; `git checkout` restores both")
    facts = {
        "shape": content["shape"],
        "operands": content["operands"],
        "scratchpad": content["scratchpad"],
        "steps": SCRATCHPADS[content["scratchpad"]].longest(content["operands"]) + 1,  # + 1: its <eos>
        "limits": (asking.STEPS, asking.DEPTH, asking.QUESTIONS),
        "pad": PAD,
        "eos": EOS,
        "tokens": TOKENS,
        "shapes": sorted(grammar.SHAPES),
        "widest": WIDEST,
        "tensors": [(name, array.shape) for name, array in arrays.items()],
        "held_out": list(whole.held_out["src"]) if whole else [],
        "mistakes": list(whole.mistakes["src"].head(PICKED)) if whole else [],
    }
    return Calculator(facts, pack(arrays, path))


def pack(arrays: Mapping[str, np.ndarray], where: object) -> str:
    """All numbers as float16, first the low bytes, then the high bytes (which compress better apart); zlib, base64."""
    with np.errstate(over="ignore"):
        halves = np.concatenate([array.astype("<f2").ravel() for array in arrays.values()])
    if not np.isfinite(halves).all():
        raise BadInput(f"{where}: has weights that are too large for float16; train it again")
    planes = halves.view(np.uint8).reshape(-1, 2).T.tobytes()
    return base64.b64encode(zlib.compress(planes, 9)).decode()
