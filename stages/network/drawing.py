"""The rows of a training, and how an epoch draws from them.

20,000 rows                      ->  each of them once, in a random order
60,000 steps of 20,000 questions ->  20,000 of them, so many of each kind
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import torch
from torch import Tensor

from stages.arithmetic import questions
from stages.common import params
from stages.network import tokens
from stages.network.tokens import Rows, fit, padded, widths


@dataclass(frozen=True)
class Drawn:
    """Training rows in parts, one after the other; an epoch draws `rows` of them, of each part its share by chance."""

    sources: Tensor  # (N, S)
    answers: Tensor  # (N, T)
    sizes: Sequence[int]  # of the parts
    shares: Sequence[float]  # of the parts, together 1
    rows: int

    def to(self, device: torch.device) -> "Drawn":
        return replace(self, sources=self.sources.to(device), answers=self.answers.to(device))

    def order(self, random: np.random.Generator) -> np.ndarray:
        """The numbers of an epoch's rows; a part of which more are drawn than it has is repeated."""
        if len(self.sizes) == 1:
            return random.permutation(self.rows)
        counts = zip(self.sizes, random.multinomial(self.rows, self.shares), strict=True)
        starts = np.cumsum(self.sizes) - self.sizes
        parts = [np.resize(random.permutation(size), count) for size, count in counts]
        return random.permutation(np.concatenate([start + part for start, part in zip(starts, parts, strict=True)]))

    def batches(self, size: int, seed: tuple[int, int], first: int = 0) -> Iterator[Rows]:
        """The batches of an epoch in an order fixed by the seed, starting at batch number `first`."""
        order = torch.from_numpy(self.order(np.random.default_rng(seed)))[first * size :]
        source_widths, answer_widths = widths(self.sources).cpu(), widths(self.answers).cpu()
        # Copy the order once and compute all widths beforehand, so that the loop never waits for a GPU
        for batch, rows in zip(order.split(size), order.to(self.sources.device).split(size), strict=True):
            source, answer = fit(self.sources[rows], source_widths[batch].max()), self.answers[rows]
            yield source, fit(answer, answer_widths[batch].max())


def whole(sources: Tensor, answers: Tensor) -> Drawn:
    """All rows, each of them once in an epoch."""
    return Drawn(sources, answers, [len(sources)], [1.0], len(sources))


def draw(table: pa.Table, run: params.Run) -> Drawn:
    """A table's training rows: its own or, if the network asks itself, the steps of all questions that they raise.

    An epoch then draws as many steps as the table has rows, of each kind its share.
    """
    if run.scratchpad != "questions":
        return whole(*tokens.encode_table(table, run.scratchpad))
    kinds = questions.traces([src.removesuffix("=") for src in table["src"].to_pylist()])
    parts, shares = list[Rows](), list[float]()
    for name, shapes in kinds.items():
        # By the root of their numbers, so that rare shapes, such as a difference of 0 tens, are not forgotten
        alike = [steps for _, steps in sorted(shapes.items())]
        roots = [math.sqrt(len(steps)) for steps in alike]
        shares += [getattr(run.questions, name) * root / sum(roots) for root in roots]
        parts += map(tokens.encode_pairs, alike)
    sources, answers = (_joined(side) for side in zip(*parts, strict=True))
    sizes = [len(sources) for sources, _ in parts]
    return Drawn(sources, answers, sizes, [share / sum(shares) for share in shares], len(table))


def _joined(parts: Sequence[Tensor]) -> Tensor:
    widest = max(ids.shape[1] for ids in parts)
    return torch.cat([padded(ids, widest) for ids in parts])
