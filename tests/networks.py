"""Networks made by hand, so that their answers are known before they are asked.

constant("7")  ->  answers 7, with certainty, whatever it is asked
"""

import sys
from pathlib import Path

import torch

from stages.network import alphabet, weights
from stages.network.seq2seq import Seq2Seq


def constant(text: str) -> Seq2Seq:
    """After one step the GRU's state has moved, and the head turns that into `<eos>`; with no text it never does."""
    model = Seq2Seq("gru", 1, 1, 1)
    with torch.no_grad():
        for weight in model.parameters():
            weight.zero_()
        model.decoder.bias_ih_l0.copy_(torch.tensor([0.0, 0.0, 20.0]))  # new = 1, update = 0.5: states 0.5, 0.75, …
        model.head[0].weight.fill_(1.0)
        if text:
            model.head[2].bias[alphabet.TOKENS.index(text)] = 60.0
            model.head[2].weight[alphabet.EOS] = 100.0  # 50 at the first step, 75 at the second
        else:
            model.head[2].bias[alphabet.TOKENS.index("3")] = 60.0
    return model


def save(folder: Path, run: str, model: Seq2Seq) -> None:
    """As `train` would have, of operands 0..49."""
    history = [{"train_loss": 0.0, "train_token_accuracy": 1.0}]
    weights.save(folder / f"{run}.safetensors", weights.Trained(run, model, 50, history))


def predict_command(folder: Path, text: str) -> list[str]:
    """The command `predict`, with a network in the folder that always answers with this text."""
    save(folder, "calculator", constant(text))
    return [sys.executable, "-m", "stages.predict", "--models", str(folder)]
