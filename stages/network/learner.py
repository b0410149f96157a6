"""A network under way: its weights, its optimiser, and how far the training has come.

Learner.state()  ->  {'model': …, 'optimiser': …, 'history': [{'epoch': 1, …}], 'seconds': [5.1], 'step': 40, …}
"""

import math
from typing import Any

import torch
from torch.optim import Optimizer
from torch.optim.lr_scheduler import ConstantLR, LRScheduler, OneCycleLR

from stages import params
from stages.network.seq2seq import Seq2Seq

RISE = 0.1  # share of the steps in which a one-cycle's learning rate goes up


def constant(optimiser: Optimizer, lr: float, steps: int) -> LRScheduler:
    """`lr` at every step."""
    return ConstantLR(optimiser, factor=1)


def one_cycle(optimiser: Optimizer, lr: float, steps: int) -> LRScheduler:
    """A cosine up to `lr` in the first tenth of the steps, and down to almost nothing (Smith and Topin 2017)."""
    steps = max(steps, 3)
    rise = max(RISE, 2 / steps)  # PyTorch divides by the steps of the rise, less one
    return OneCycleLR(optimiser, lr, total_steps=steps, pct_start=rise, cycle_momentum=False)


SCHEDULES = {"constant": constant, "one_cycle": one_cycle}


class Learner:
    """All that a training needs to go on as if it had never stopped; each epoch's order of rows is its seed's."""

    def __init__(self, run: params.Run, rows: int, device: torch.device):
        torch.manual_seed(run.seed)
        self.model = Seq2Seq(run.cell, run.embed_dim, run.hidden_dim, run.layers, run.decoder)
        self.model.to(device)
        self.optimiser = torch.optim.AdamW(self.model.parameters(), lr=run.lr, fused=True)
        steps = run.epochs * math.ceil(rows / run.batch_size)
        self.scheduler = SCHEDULES[run.schedule](self.optimiser, run.lr, steps)
        self.device = device
        self.history: list[dict[str, float]] = []  # a dict for each finished epoch
        self.seconds: list[float] = []  # of each finished pass over the training rows
        self._begin_epoch()

    def _begin_epoch(self) -> None:
        self.step = 0  # batches done
        # Their summed loss, hits and tokens, and how many of them had their gradient clipped
        self.totals = torch.zeros(4, dtype=torch.float64, device=self.device)
        self.elapsed = 0.0  # their seconds

    def end_epoch(self) -> dict[str, float]:
        """The pass' mean loss and accuracy over all its real tokens, each batch seen just before its own step.

        `clipped` is the share of its steps.
        """
        loss, right, tokens, clipped = self.totals.tolist()
        scored = {"train_loss": loss / tokens, "train_token_accuracy": right / tokens, "clipped": clipped / self.step}
        self.seconds.append(self.elapsed)
        self._begin_epoch()
        return scored

    def state(self) -> dict[str, Any]:
        """What a checkpoint holds."""
        counts = {name: getattr(self, name) for name in ("history", "seconds", "step", "totals", "elapsed")}
        parts = {name: getattr(self, name).state_dict() for name in ("model", "optimiser", "scheduler")}
        return counts | parts

    def restore(self, state: dict[str, Any]) -> None:
        """Become the learner whose state this was."""
        for name in ("model", "optimiser", "scheduler"):
            getattr(self, name).load_state_dict(state[name])
        self.history, self.seconds, self.step, self.elapsed = (
            state[name] for name in ("history", "seconds", "step", "elapsed")
        )
        self.totals = state["totals"].to(self.device)
