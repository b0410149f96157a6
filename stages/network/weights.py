"""A trained network as one file: its weights, and what is needed to rebuild it and to use it.

data/models/full-lstm.pt  ->  Trained(run='full-lstm', model=Seq2Seq(…), operands=50, history=[…])
"""

import io
import warnings
from dataclasses import dataclass
from pathlib import Path

import torch

from stages import grammar
from stages.command import BadInput
from stages.network.seq2seq import Seq2Seq


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
    """Write the network with its weights on the CPU; equal networks give equal bytes, whatever the path."""
    content = {
        "run": trained.run,
        "shape": trained.model.shape,
        "weights": {name: tensor.cpu() for name, tensor in trained.model.state_dict().items()},
        "operands": trained.operands,
        # Each column's name once: a resumed training's names are other objects than its new ones, and pickle tells.
        "history": {name: [epoch[name] for epoch in trained.history] for name in trained.history[0]},
    }
    # Through memory: written to a path, PyTorch's archive would hold that path's name.
    memory = io.BytesIO()
    torch.save(content, memory)
    path.write_bytes(memory.getvalue())


def load(path: Path) -> Trained:
    """The network on the CPU, ready to evaluate; raises BadInput for a missing, broken or foreign file."""
    if not path.exists():
        raise BadInput(f"{path}: no such file; `dvc repro` makes it")
    try:
        with warnings.catch_warnings(action="ignore"):  # about a foreign pickle, just before the error
            content = torch.load(path, map_location="cpu", weights_only=True)
        if not isinstance(content, dict):
            raise TypeError("no dict")
        model = Seq2Seq(**content["shape"])
        model.load_state_dict(content["weights"])
        columns = content["history"]
        history = [dict(zip(columns, epoch, strict=True)) for epoch in zip(*columns.values(), strict=True)]
        trained = Trained(str(content["run"]), model.eval(), int(content["operands"]), history)
        if "train_loss" not in trained.history[-1] or trained.operands < 1:
            raise ValueError("no training, or no corpus")
        return trained
    except Exception as error:  # whatever goes wrong in a file of ours, it is not one that `train` wrote
        raise BadInput(f"{path}: not a model that `train` wrote, or cut short; make it again") from error
