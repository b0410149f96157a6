"""The optimisers of a training, by the names that params.yaml may choose.

OPTIMISERS["muon"](model, 0.01)  ->  [Muon for the matrices inside, AdamW for all other weights]
"""

from typing import Any

from torch import Tensor
from torch.optim import AdamW, Muon, Optimizer

from stages.network.seq2seq import Seq2Seq


def adamw(model: Seq2Seq, lr: float) -> list[Optimizer]:
    """AdamW for all weights."""
    return [AdamW(model.parameters(), lr=lr, fused=True)]


def muon(model: Seq2Seq, lr: float) -> list[Optimizer]:
    """Muon (Jordan et al. 2024) for the matrices inside, AdamW for embedding, biases and output layer."""
    edges = {"embedding.weight", "head.2.weight"}
    inside: list[Tensor] = []
    rest: list[Tensor] = []
    for name, weight in model.named_parameters():
        (inside if weight.ndim == 2 and name not in edges else rest).append(weight)
    # Each gate of a recurrent layer, H rows of a weight, is a matrix of its own. The parts share the weights' memory.
    rows = model.encoder.hidden_size
    parts = [part for weight in inside for part in weight.detach().split(rows)]

    def take_gradients(*_: Any) -> None:
        gradients = (part for weight in inside if weight.grad is not None for part in weight.grad.split(rows))
        for part, gradient in zip(parts, gradients, strict=True):
            part.grad = gradient

    # An update is scaled to the size that is usual with AdamW, so that one learning rate suits both
    matrices = Muon(parts, lr=lr, adjust_lr_fn="match_rms_adamw")
    matrices.register_step_pre_hook(take_gradients)
    return [matrices, AdamW(rest, lr=lr, fused=True)]


OPTIMISERS = {"adamw": adamw, "muon": muon}
