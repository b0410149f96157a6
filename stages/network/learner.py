"""A network under way: its weights, its optimiser, and how far the training has come.

Learner.state()  ->  {'model': …, 'optimiser': …, 'history': [{'epoch': 1, …}], 'seconds': [5.1], 'step': 40, …}
"""

from typing import Any

import torch

from stages import params
from stages.network.seq2seq import Seq2Seq


class Learner:
    """All that a training needs to go on as if it had never stopped; each epoch's order of rows is its seed's."""

    def __init__(self, run: params.Run, device: torch.device):
        torch.manual_seed(run.seed)
        self.model = Seq2Seq(run.cell, run.embed_dim, run.hidden_dim, run.layers).to(device)
        self.optimiser = torch.optim.AdamW(self.model.parameters(), lr=run.lr, fused=True)
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
        return counts | {"model": self.model.state_dict(), "optimiser": self.optimiser.state_dict()}

    def restore(self, state: dict[str, Any]) -> None:
        """Become the learner whose state this was."""
        self.model.load_state_dict(state["model"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.history, self.seconds, self.step, self.elapsed = (
            state[name] for name in ("history", "seconds", "step", "elapsed")
        )
        self.totals = state["totals"].to(self.device)
