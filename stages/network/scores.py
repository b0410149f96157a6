"""Scores of a network on a whole table, and its answers beside the true ones, computed in batches.

sources (N, S), answers (N, T)  ->  a summed loss, 70,000 correct tokens of 77,000
'12*(3+4)=', tgt 84             ->  predicted '84', correct, probability 0.93
"""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import torch
from torch import Tensor
from torch.nn import functional as F
from tqdm import trange

from stages.arithmetic import asking
from stages.common.messages import BadInput
from stages.network import EOS, PAD, PREDICTIONS, tokens
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


def decode(trained: Trained, sources: Tensor, steps: int | None = None) -> tuple[Tensor, Tensor]:
    """Greedy answers to a whole table (N, S), uint8 (N, steps), and their probabilities (N), on the CPU."""
    if trained.scratchpad != "questions":
        return greedy(trained.model, sources, steps or trained.steps)
    asked = [tokens.decode(ids) for ids in sources.tolist()]
    works, probabilities = list[str](), list[float]()
    for start in trange(0, len(asked), asking.TOGETHER, desc="asking", delay=5, leave=False, disable=None):
        questions = [text.partition("=")[0] for text in asked[start : start + asking.TOGETHER]]
        memory = ask(trained, questions)
        works += [str(memory[question]) for question in questions]
        probabilities += [memory[question].probability for question in questions]
    return tokens.encode_answers(works), torch.tensor(probabilities, dtype=torch.float64)


def ask(trained: Trained, questions: Sequence[str]) -> dict[str, asking.Asked]:
    """`asking.solve` with a network: all that it asks itself to answer the questions, by question."""
    device = trained.model.embedding.weight.device

    def write(read: list[str]) -> list[tuple[str | None, float]]:
        decoded, probabilities = greedy(trained.model, tokens.encode_sources(read).to(device), trained.steps)
        ended = (decoded == EOS).any(dim=1).tolist()
        rows = zip(decoded.tolist(), ended, probabilities.tolist(), strict=True)
        return [(tokens.decode(ids) if end else None, probability) for ids, end, probability in rows]

    return asking.solve(questions, write)


def greedy(model: Seq2Seq, sources: Tensor, steps: int) -> tuple[Tensor, Tensor]:
    """`Seq2Seq.greedy` for a whole table (N, S): answers, uint8 (N, steps), and probabilities (N), on the CPU."""
    # Sorted, so that a batch has many rows with the same prefix, which the encoder reads once
    order = torch.from_numpy(np.lexsort(sources.cpu().numpy().T[::-1]))
    parts = [model.greedy(fit(sources[order[rows].to(sources.device)]), steps) for rows in in_order(len(sources))]
    answers, probabilities = (torch.cat([part.cpu() for part in column]) for column in zip(*parts, strict=True))
    back = order.argsort()
    return answers.to(torch.uint8)[back], probabilities[back]


def answer(trained: Trained, rows: pa.Table, sources: Tensor, answers: Tensor) -> tuple[pa.Table, Tensor]:
    """The rows (N) with the network's greedy answers, and the values of these answers as token ids (N, steps)."""
    decoded, probability = decode(trained, sources)
    return predictions(trained, rows, answers, decoded, probability), trained.values(decoded)


def predictions(trained: Trained, rows: pa.Table, answers: Tensor, decoded: Tensor, probability: Tensor) -> pa.Table:
    """The rows (N) with decoded answers (N, steps) and their probabilities (N).

    An answer is `correct` if its value is the decimal `tgt`, then `<eos>`. Its probability is of all that was written.
    """
    values = trained.values(decoded)
    return pa.table(
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


def products(operands: int) -> pa.Table:
    """Every `a*b=` over operands 0..operands-1 with its answer; too few held-out rows have this template."""
    pairs = [(a, b) for a in range(operands) for b in range(operands)]
    return pa.table(
        {
            "src": [f"{a}*{b}=" for a, b in pairs],
            "tgt": pa.array([a * b for a, b in pairs], pa.int32()),
            "template": pa.array(["a*b"] * len(pairs)).dictionary_encode(),
        }
    )


def exact(decoded: Tensor, answers: Tensor) -> Tensor:
    """Whether each decoded value (N, steps) equals its answer (N, T), `<eos>` included: bool (N)."""
    width = max(decoded.shape[1], answers.shape[1])
    return (padded(decoded, width) == padded(answers, width)).all(dim=1)


def check(model: Path, what: str, value: float) -> None:
    """Raise BadInput if a number that the network in the file `model` computed is NaN or infinite."""
    if not math.isfinite(value):
        raise BadInput(f"{model}: its {what} is {value}; train it again with a smaller lr")
