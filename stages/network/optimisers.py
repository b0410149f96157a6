"""The optimisers of a training, by the names that params.yaml may choose.

OPTIMISERS["muon"](model, 0.01)  ->  [Muon over the matrices inside, AdamW over all other weights]
"""

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.optim import AdamW, Optimizer

from stages.network.seq2seq import Seq2Seq


class Muon(torch.optim.Muon):
    """PyTorch's Muon over parts of weights (R, I), each part `rows` of a weight's rows: a gate of a recurrent layer."""

    def __init__(self, weights: list[Tensor], rows: int, lr: float, momentum: float, decay: float):
        self.weights, self.rows = weights, rows
        parts = [part for weight in weights for part in weight.detach().split(rows)]  # they share the weights' memory
        super().__init__(parts, lr=lr, weight_decay=decay, momentum=momentum, adjust_lr_fn="match_rms_adamw")

    def step(self, closure=None) -> None:
        gradients: Iterator[Tensor] = (part for weight in self.weights for part in weight.grad.split(self.rows))
        for part, gradient in zip(self.param_groups[0]["params"], gradients, strict=True):
            part.grad = gradient
        super().step()


def adamw(model: Seq2Seq, run) -> list[Optimizer]:
    """AdamW for all weights."""
    return [AdamW(model.parameters(), lr=run.lr, fused=True)]


def muon(model: Seq2Seq, run) -> list[Optimizer]:
    """Muon (Jordan et al. 2024) for the matrices between hidden states, AdamW for embedding, biases and output layer."""
    apart = {id(model.embedding.weight), id(model.head[2].weight)}
    inside = [weight for weight in model.parameters() if weight.ndim == 2 and id(weight) not in apart]
    chosen = set(map(id, inside))
    rest = [weight for weight in model.parameters() if id(weight) not in chosen]
    rows = run.hidden_dim if run.gates == "apart" else 2**20
    return [
        Muon(inside, rows, run.lr, run.momentum, run.decay),
        AdamW(rest, lr=run.lr * run.rest, fused=True),
    ]


OPTIMISERS = {"adamw": adamw, "muon": muon}
