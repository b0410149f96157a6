"""The effect of length buckets on the validation loss: the same training with and without them, over a few seeds.

single_digit, lstm  ->  | epoch | shuffled        | length buckets  |
                        | 10    | 0.5312 ± 0.0201 | 0.5503 ± 0.0312 |
"""

import sys
from collections.abc import Callable
from dataclasses import replace

import pandas as pd
import torch

from stages import train
from stages.common import params
from stages.network import weights
from stages.network.learner import Learner
from tests.benchmarks.buckets import bucketed
from tests.benchmarks.measure import one_pass

SEEDS = 3
EPOCHS = 10
WAYS = {"shuffled": tokens.shuffled, "length buckets": bucketed}


def curves(run: params.Run, operands: int, rows: batches.Rows, valid: batches.Rows) -> pd.DataFrame:
    """The validation loss by epoch and way of batching, as mean ± standard deviation over the seeds."""
    found = pd.DataFrame(
        [
            {"epoch": epoch, "way": way, "loss": loss}
            for seed in range(SEEDS)
            for way, batched in WAYS.items()
            for epoch, loss in enumerate(_losses(replace(run, seed=seed), operands, rows, valid, batched), start=1)
        ]
    )
    by_epoch = found.groupby(["epoch", "way"])["loss"].agg(["mean", "std"])
    return by_epoch.apply(lambda loss: f"{loss['mean']:.4f} ± {loss['std']:.4f}", axis=1).unstack()[list(WAYS)]


def _losses(run: params.Run, operands: int, rows: batches.Rows, valid: batches.Rows, batched: Callable) -> list[float]:
    learner = Learner(run, len(rows[0]), torch.device("cpu"))
    trained = weights.Trained("benchmark", learner.model, operands, learner.history)
    losses = []
    for _ in range(EPOCHS):
        one_pass(learner, run, rows, batched)
        losses.append(train.validate(trained, *valid)["valid_loss"])
    print(f"curves: {batched.__name__}, seed {run.seed}: {losses[-1]:.4f}", file=sys.stderr)
    return losses
