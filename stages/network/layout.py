"""Batch layouts for the recurrence: padding is skipped, and prefixes shared within a batch are computed once.

    '7-9='    prefixes   step 0: '7'    step 1: '7-' '7*'    step 2: '7-9' '7*8'    step 3: '7-9=' '7*8='
    '7*8='

    '-2' <eos>    packed     step 0: row 1, row 0    step 1: row 1, row 0    step 2: row 1
    '56' …

B rows, T steps, N places. A place is one state to compute; places are numbered step by step.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate, pairwise

import torch
from torch import Tensor

from stages.network import PAD, TOKENS

# For each step: its places (n), and the places of their previous states, None at the first step
Steps = list[tuple[slice, slice | Tensor | None]]
ALL = slice(None)
# Steps of a block: few, so that worked answers of unlike lengths have little padding, and enough for large products
BLOCK = 8


@dataclass(frozen=True)
class Prefixes:
    """A batch of sources as its distinct prefixes: rows with the same prefix share its state."""

    steps: Steps
    token: Tensor  # (N) the last token of each prefix
    last: Tensor  # (B) the place of each whole row
    where: Tensor  # (B, T) the place of each row's prefix up to each token; arbitrary at padding


@dataclass(frozen=True)
class Packed:
    """A batch of answers without padding, rows from longest to shortest, like PyTorch's PackedSequence."""

    steps: Steps
    order: Tensor | slice  # (B) the batch's rows from longest to shortest
    row: Tensor  # (N) the row of each place, as an index into `order`
    places: Tensor | slice  # (N) the index of each place in the ordered, padded batch, step by step

    def take(self, padded: Tensor) -> Tensor:
        """Padded (B, T, …) to packed (N, …)."""
        return padded[self.order].transpose(0, 1).flatten(0, 1)[self.places]

    def pad(self, values: Tensor, rows: int) -> Tensor:
        """Packed (N, V) to padded (B, T, V) for B = `rows`, zero where there is no token."""
        steps = len(self.steps)
        ordered = values.new_zeros(steps * rows, values.shape[1])
        ordered[self.places] = values
        padded = torch.zeros_like(ordered).view(steps, rows, -1)
        padded[:, self.order] = ordered.view(steps, rows, -1)
        return padded.transpose(0, 1)

    def blocks(self) -> Iterator[tuple["Packed", slice, int]]:
        """Blocks of BLOCK steps: the block's layout, its places, and its number of rows, which are the longest ones."""
        if isinstance(self.places, slice):
            yield self, ALL, self.steps[0][0].stop
            return
        for first in range(0, len(self.steps), BLOCK):
            steps = self.steps[first : first + BLOCK]
            here, rows = slice(steps[0][0].start, steps[-1][0].stop), steps[0][0].stop - steps[0][0].start
            if not rows:  # another rank's part of the batch has the longest answers
                return
            sizes = [step.stop - step.start for step, _ in steps]
            places = torch.cat([torch.arange(size) + number * rows for number, size in enumerate(sizes)])
            yield Packed(steps, ALL, self.row[here], places), here, rows


def prefixes(ids: Tensor) -> Prefixes:
    """The layout of sources (B, T), each with at least one token."""
    rows = torch.arange(len(ids), device=ids.device)
    # Here and in `pack`: the host would wait for the sizes of every batch, and cuDNN is fastest on whole steps
    if ids.is_cuda:
        last = (ids != PAD).sum(dim=1) - 1  # - 1: steps count from 0
        every = torch.arange(ids.numel(), device=ids.device).view(ids.shape[1], -1).t()
        return Prefixes(_steps([len(ids)] * ids.shape[1]), ids.t().flatten(), last * len(ids) + rows, every)
    place = torch.zeros_like(rows)  # (B) the place of each row's prefix so far
    steps, tokens, where, start = [], [], [], 0
    for column in ids.t():
        rows = rows[column[rows] != PAD]
        # A pair of prefix and next token is one number, so that `unique` finds the distinct longer prefixes
        pairs, node = (place[rows] * len(TOKENS) + column[rows]).unique(return_inverse=True)
        place[rows] = start + node
        here = slice(start, start + len(pairs))
        steps.append((here, pairs // len(TOKENS) if start else None))
        tokens.append(pairs % len(TOKENS))
        where.append(place.clone())
        start = here.stop
    return Prefixes(steps, torch.cat(tokens), place, torch.stack(where, dim=1))


def pack(ids: Tensor) -> Packed:
    """The layout of answers (B, T), each with at least one token."""
    rows, steps = ids.shape
    row = torch.arange(rows, device=ids.device)
    if ids.is_cuda:
        return Packed(_steps([rows] * steps), ALL, row.repeat(steps), ALL)
    real = ids != PAD
    order = real.sum(dim=1).argsort(descending=True, stable=True)
    real = real[order].t()  # (T, B)
    sizes = real.sum(dim=1).tolist()
    return Packed(_steps(sizes), order, row.expand(steps, -1)[real], real.flatten().nonzero().squeeze(1))


def _steps(sizes: list[int]) -> Steps:
    """Steps of these sizes; the rows of a step are the first rows of the previous step."""
    here = [slice(*ends) for ends in pairwise(accumulate(sizes, initial=0))]
    before = [slice(step.start, step.start + size) for step, size in zip(here, sizes[1:], strict=False)]
    return list(zip(here, [None, *before], strict=True))
