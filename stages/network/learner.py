"""The state of a training: network, optimisers, learning-rate schedule and progress.

Learner.state()  ->  {'model': …, 'optimisers': […], 'history': [{'epoch': 1, …}], 'seconds': [5.1], 'step': 40, …}
"""

import math
from typing import Any

import torch
from torch.optim import AdamW, Optimizer
from torch.optim.lr_scheduler import ConstantLR, LRScheduler, OneCycleLR

from stages.common import params
from stages.network.muon import Muon
from stages.network.seq2seq import Seq2Seq

RISE = 0.1  # share of the steps in which the one-cycle schedule raises the learning rate


def constant(optimiser: Optimizer, steps: int) -> LRScheduler:
    """The optimiser's learning rate at every step."""
    return ConstantLR(optimiser, factor=1)


def one_cycle(optimiser: Optimizer, steps: int) -> LRScheduler:
    """The one-cycle schedule (Smith and Topin 2017): a cosine up to the optimiser's learning rate, then to almost 0."""
    steps = max(steps, 3)
    rise = max(RISE, 2 / steps)  # PyTorch divides by the number of rising steps minus 1, which must not be 0
    lr = optimiser.param_groups[0]["lr"]
    return OneCycleLR(optimiser, lr, total_steps=steps, pct_start=rise, cycle_momentum=False)


SCHEDULES = {"constant": constant, "one_cycle": one_cycle}


def adamw(model: Seq2Seq, lr: float) -> list[Optimizer]:
    """AdamW for all weights."""
    return [AdamW(model.parameters(), lr=lr, fused=True)]


def muon(model: Seq2Seq, lr: float) -> list[Optimizer]:
    """Muon for the hidden weight matrices, AdamW for embedding, biases and output layer."""
    edges = {"embedding.weight", "head.2.weight"}
    weights = dict(model.named_parameters())
    kind = torch.optim.Muon if model.embedding.weight.is_cuda else Muon  # every GPU here multiplies bfloat16 fast
    inside = [name for name, weight in weights.items() if weight.ndim == 2 and name not in edges]
    return [
        # An update is scaled to the size that is usual with AdamW, so that one learning rate suits both. Momentum and
        # decay are PyTorch's defaults; of those tried, their mean was best (reports/studies/muon_settings.csv).
        kind([weights[name] for name in inside], lr, weight_decay=0.1, momentum=0.95, adjust_lr_fn="match_rms_adamw"),
        AdamW([weight for name, weight in weights.items() if name not in inside], lr=lr, fused=True),
    ]


OPTIMISERS = {"adamw": adamw, "muon": muon}

STEPPING = "optimisers", "schedulers"  # lists of parts that have a state of their own
COUNTS = "history", "seconds", "step", "totals", "elapsed", "frames", "best"


class Learner:
    """Everything a training needs to resume, except the order of rows: that follows from the seed and the epoch."""

    def __init__(self, run: params.Run, rows: int, device: torch.device):
        torch.manual_seed(run.seed)
        self.model = Seq2Seq(run.cell, run.embed_dim, run.hidden_dim, run.layers, run.decoder)
        self.model.to(device)
        self.optimisers = OPTIMISERS[run.optimizer](self.model, run.lr)
        steps = run.epochs * math.ceil(rows / run.batch_size)
        self.schedulers = [SCHEDULES[run.schedule](optimiser, steps) for optimiser in self.optimisers]
        self.device = device
        self.history: list[dict[str, float]] = []  # one dict per finished epoch
        self.seconds: list[float] = []  # per finished epoch, without validation
        self.frames: list[tuple] = []  # of the film
        self.patience = run.patience
        self.best: dict[str, Any] = {}  # with patience: the epoch of the lowest held-out loss, and its weights
        self._begin_epoch()

    def update(self) -> None:
        """Take one step along the gradients, and one of the learning-rate schedule."""
        for optimiser, scheduler in zip(self.optimisers, self.schedulers, strict=True):
            optimiser.step()
            scheduler.step()

    def _begin_epoch(self) -> None:
        self.step = 0  # batches done
        # Sums over these batches: loss, correct tokens, tokens, clipped gradients
        self.totals = torch.zeros(4, dtype=torch.float64, device=self.device)
        self.elapsed = 0.0  # seconds spent on these batches

    def end_epoch(self) -> dict[str, float]:
        """The finished epoch's mean loss and accuracy over all real tokens, and its share of clipped steps."""
        loss, right, tokens, clipped = self.totals.tolist()
        scored = {"train_loss": loss / tokens, "train_token_accuracy": right / tokens, "clipped": clipped / self.step}
        self.seconds.append(self.elapsed)
        self._begin_epoch()
        return scored

    def remember(self) -> None:
        """With patience, keep the weights of the epoch that just ended if its held-out loss is the lowest so far."""
        *earlier, loss = [scored["valid_loss"] for scored in self.history]
        if self.patience != "none" and loss < min(earlier, default=math.inf):
            weights = {name: weight.clone() for name, weight in self.model.state_dict().items()}
            self.best = {"epoch": len(self.history), "weights": weights}

    def stale(self) -> bool:
        """Whether as many epochs as `patience` have passed since the best one."""
        return bool(self.best) and len(self.history) - self.best["epoch"] >= self.patience

    def finish(self) -> None:
        """With patience, go back to the weights of the best epoch, with which the history then ends."""
        if self.best:
            self.model.load_state_dict(self.best["weights"])
            del self.history[self.best["epoch"] :]

    def state(self) -> dict[str, Any]:
        """The content of a checkpoint."""
        counts = {name: getattr(self, name) for name in COUNTS}
        parts = {name: [part.state_dict() for part in getattr(self, name)] for name in STEPPING}
        return counts | parts | {"model": self.model.state_dict()}

    def restore(self, state: dict[str, Any]) -> None:
        """Resume from the content of a checkpoint."""
        self.model.load_state_dict(state["model"])
        for name in STEPPING:
            for part, saved in zip(getattr(self, name), state[name], strict=True):
                part.load_state_dict(saved)
        for name in COUNTS:
            setattr(self, name, state[name])
        self.totals = self.totals.to(self.device)
