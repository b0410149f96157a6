"""Networks with hand-made weights, whose answers are known in advance.

constant("7")  ->  answers 7 to every expression, with probability 1
"""

import sys
from pathlib import Path

import torch

from stages.network import tokens, weights
from stages.network.seq2seq import Seq2Seq


def constant(text: str) -> Seq2Seq:
    """A GRU that answers `text`, then `<eos>`: the head reads the step from its state. Without text it never ends."""
    model = Seq2Seq("gru", 1, 1, 1)
    with torch.no_grad():
        for weight in model.parameters():
            weight.zero_()
        model.decoder.bias_ih_l0.copy_(torch.tensor([0.0, 0.0, 20.0]))  # new = 1, update = 0.5: states 0.5, 0.75, …
        model.head[0].weight.fill_(1.0)
        if text:
            model.head[2].bias[tokens.TOKENS.index(text)] = 60.0
            model.head[2].weight[tokens.EOS] = 100.0  # 50 at the first step, 75 at the second
        else:
            model.head[2].bias[tokens.TOKENS.index("3")] = 60.0
    return model


def save(folder: Path, run: str, model: Seq2Seq) -> None:
    """Write the model as `train` would, for operands 0..49."""
    history = [{"train_loss": 0.0, "train_token_accuracy": 1.0}]
    weights.save(folder / f"{run}.safetensors", weights.Trained(run, model, 50, history))


def predict_command(folder: Path, text: str) -> list[str]:
    """The command `predict`, with a network in the folder that always answers with this text."""
    save(folder, "calculator", constant(text))
    return [sys.executable, "-m", "stages.predict", "--models", str(folder)]
