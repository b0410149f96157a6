"""Scores of a network on a whole table, and its answers beside the true ones, computed in batches.

sources (N, S), answers (N, T)  ->  a summed loss, 70,000 correct tokens of 77,000
'12*(3+4)=', tgt 84             ->  predicted '84', correct, probability 0.93
"""

import math
from pathlib import Path

import pyarrow as pa
import torch
from torch import Tensor
from torch.nn import functional as F

from stages.common.messages import BadInput
from stages.network import PAD, PREDICTIONS, tokens
from stages.network.seq2seq import Seq2Seq
from stages.network.tokens import fit, in_order, padded
from stages.network.weights import Trained


def summed_loss(logits: Tensor, answers: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The summed cross-entropy in nats, correct and real tokens (no padding), from logits (B, T, V), answers (B, T)."""
    loss = F.cross_entropy(logits.flatten(0, 1), answers.flatten(), ignore_index=PAD, reduction="sum")
    real = answers != PAD
    return loss, ((logits.argmax(dim=-1) == answers) & real).sum(), real.sum()


@torch.inference_mode()
def token_sums(model: Seq2Seq, sources: Tensor, answers: Tensor) -> Tensor:
    """`summed_loss` of a whole table: loss, correct tokens and real tokens, as float64 (3) on the CPU."""
    totals = torch.zeros(3, dtype=torch.float64)
    for rows in in_order(len(sources)):
        answer = fit(answers[rows])
        logits = model(fit(sources[rows]), answer)
        totals += torch.stack([part.double().cpu() for part in summed_loss(logits, answer)])
    return totals


def decode(model: Seq2Seq, sources: Tensor, steps: int) -> tuple[Tensor, Tensor]:
    """`Seq2Seq.greedy` for a whole table (N, S): answers, uint8 (N, steps), and probabilities (N), on the CPU."""
    parts = [model.greedy(fit(sources[rows]), steps) for rows in in_order(len(sources))]
    answers, probabilities = zip(*parts, strict=True)
    return torch.cat([part.to("cpu", torch.uint8) for part in answers]), torch.cat(probabilities).cpu()


def answer(trained: Trained, rows: pa.Table, sources: Tensor, answers: Tensor) -> tuple[pa.Table, Tensor]:
    """The rows (N) with the network's greedy answers, and the values of these answers as token ids (N, steps).

    An answer is `correct` if its value is the decimal `tgt`, then `<eos>`. Its probability is of all that was written.
    """
    decoded, probability = decode(trained.model, sources, trained.steps)
    values = trained.values(decoded)
    predictions = pa.table(
        {
            "src": rows["src"],
            "tgt": rows["tgt"],
            "written": [tokens.decode(ids) for ids in decoded.tolist()],
            "predicted": [tokens.decode(ids) for ids in values.tolist()],
            "correct": exact(values, trained.values(answers.cpu())).numpy(),
            "template": rows["template"],
            "probability": probability.numpy(),
        },
        PREDICTIONS,
    )
    return predictions, values


def exact(decoded: Tensor, answers: Tensor) -> Tensor:
    """Whether each decoded value (N, steps) equals its answer (N, T), `<eos>` included: bool (N)."""
    width = max(decoded.shape[1], answers.shape[1])
    return (padded(decoded, width) == padded(answers, width)).all(dim=1)


def check(model: Path, what: str, value: float) -> None:
    """Raise BadInput if a number that the network in the file `model` computed is NaN or infinite."""
    if not math.isfinite(value):
        raise BadInput(f"{model}: its {what} is {value}; train it again with a smaller lr")
