"""The optimisers of a training, by the names that params.yaml may choose.

OPTIMISERS["muon"](model, 0.01)  ->  [Muon for the hidden weight matrices, AdamW for all other weights]
"""

from torch.optim import AdamW, Muon, Optimizer

from stages.network.seq2seq import Seq2Seq


def adamw(model: Seq2Seq, lr: float) -> list[Optimizer]:
    """AdamW for all weights."""
    return [AdamW(model.parameters(), lr=lr, fused=True)]


def muon(model: Seq2Seq, lr: float) -> list[Optimizer]:
    """Muon (Jordan et al. 2024) for the hidden weight matrices, AdamW for embedding, biases and output layer."""
    edges = {"embedding.weight", "head.2.weight"}
    weights = dict(model.named_parameters())
    inside = [name for name, weight in weights.items() if weight.ndim == 2 and name not in edges]
    return [
        # An update is scaled to the size that is usual with AdamW, so that one learning rate suits both. Momentum and
        # decay are PyTorch's defaults, and were best of those tried (reports/studies/muon.csv).
        Muon(
            [weights[name] for name in inside],
            lr=lr,
            momentum=0.95,
            weight_decay=0.1,
            adjust_lr_fn="match_rms_adamw",
        ),
        AdamW([weight for name, weight in weights.items() if name not in inside], lr=lr, fused=True),
    ]


OPTIMISERS = {"adamw": adamw, "muon": muon}
