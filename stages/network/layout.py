"""What a recurrence has to compute for a batch, step by step: no padding, and nothing twice.

    '7-9='    prefixes   step 0: '7'    step 1: '7-' '7*'    step 2: '7-9' '7*8'    step 3: '7-9=' '7*8='
    '7*8='

    '-2' <eos>    packed     step 0: row 1, row 0    step 1: row 1, row 0    step 2: row 1
    '56' …

B rows, T steps, N places: all that is computed, one step's places after the other's.
"""

from dataclasses import dataclass
from itertools import accumulate, pairwise

import torch
from torch import Tensor

from stages.network.alphabet import PAD, TOKENS

# Of each step, its places (n) and where the states that they go on from lie, which is nowhere at the first step.
Steps = list[tuple[slice, slice | Tensor | None]]
ALL = slice(None)


@dataclass(frozen=True)
class Prefixes:
    """A batch of sources as its different beginnings: rows that begin alike have the same states up to there."""

    steps: Steps
    token: Tensor  # (N) the last token of each beginning
    last: Tensor  # (B) the place where each row is complete
    where: Tensor  # (B, T) the place of each row's beginning up to each token; any at padding


@dataclass(frozen=True)
class Packed:
    """A batch of answers as its real tokens, the rows from longest to shortest, like PyTorch's PackedSequence."""

    steps: Steps
    order: Tensor | slice  # (B) the batch's rows from longest to shortest
    row: Tensor  # (N) which row, of those in order, each place belongs to
    places: Tensor | slice  # (N) the same places in the ordered rows, padded, step by step

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


def prefixes(ids: Tensor) -> Prefixes:
    """The layout of sources (B, T), each of which has at least one token.

    On a GPU nothing is left out, here and in `pack`: the host would have to wait for the sizes at every batch, and
    cuDNN is fastest on whole steps.
    """
    rows = torch.arange(len(ids), device=ids.device)
    if ids.is_cuda:
        last = (ids != PAD).sum(dim=1) - 1  # - 1: steps count from 0
        every = torch.arange(ids.numel(), device=ids.device).view(ids.shape[1], -1).t()
        return Prefixes(_steps([len(ids)] * ids.shape[1]), ids.t().flatten(), last * len(ids) + rows, every)
    place = torch.zeros_like(rows)  # (B) of each row's beginning so far
    steps, tokens, where, start = [], [], [], 0
    for column in ids.t():
        rows = rows[column[rows] != PAD]
        # One number for a beginning and the token behind it, and the different ones of these
        beginnings, node = (place[rows] * len(TOKENS) + column[rows]).unique(return_inverse=True)
        place[rows] = start + node
        here = slice(start, start + len(beginnings))
        steps.append((here, beginnings // len(TOKENS) if start else None))
        tokens.append(beginnings % len(TOKENS))
        where.append(place.clone())
        start = here.stop
    return Prefixes(steps, torch.cat(tokens), place, torch.stack(where, dim=1))


def pack(ids: Tensor) -> Packed:
    """The layout of answers (B, T), each of which has at least one token."""
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
    """A step's rows are the first ones of the step before."""
    here = [slice(*ends) for ends in pairwise(accumulate(sizes, initial=0))]
    before = [slice(one.start, one.start + size) for one, size in zip(here, sizes[1:], strict=False)]
    return list(zip(here, [None, *before], strict=True))
