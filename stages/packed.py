"""Rows of unequal length laid out step by step without their padding: what a recurrence reads.

    '7-9='   ->   step 0: '1' '7'    step 1: '2' '-'    …    step 4: '='     (the longest row first)
    '12*3='       sizes [2, 2, 2, 2, 1]

The layout of PyTorch's PackedSequence. B rows, T steps, N places: all real tokens of the batch.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from stages.alphabet import PAD

ALL = slice(None)


@dataclass(frozen=True)
class Packed:
    """Where each token of a padded batch (B, T) lies in its packed form (N)."""

    sizes: list[int]  # (T) rows that still go on at each step
    order: Tensor | slice  # (B) the batch's rows from longest to shortest
    places: Tensor | slice  # (N) the packed tokens' places in the padded batch, counted step by step
    row: Tensor  # (N) which row, of those in order, each token belongs to
    last: Tensor  # (B) the packed place of each row's last token, by the batch's own order of rows

    def take(self, padded: Tensor) -> Tensor:
        """Padded (B, T) to packed (N)."""
        return padded[self.order].t().flatten()[self.places]

    def pad(self, values: Tensor) -> Tensor:
        """Packed (N, V) to padded (B, T, V), zero where there is no token."""
        rows, steps = len(self.last), len(self.sizes)
        padded = values.new_zeros(rows * steps, values.shape[1])
        padded[self.places] = values
        unordered = torch.zeros_like(padded.view(steps, rows, -1))
        unordered[:, self.order] = padded.view(steps, rows, -1)
        return unordered.transpose(0, 1)


def pack(ids: Tensor) -> Packed:
    """The layout of ids (B, T), each row of which has at least one token.

    On a GPU nothing is left out: the host would have to wait at every batch to learn the sizes, and cuDNN is fastest
    on whole steps.
    """
    rows, steps = ids.shape
    real = ids != PAD
    lengths = real.sum(dim=1)  # (B)
    row = torch.arange(rows, device=ids.device)
    if ids.is_cuda:
        return Packed([rows] * steps, ALL, ALL, row.repeat(steps), (lengths - 1) * rows + row)
    order = lengths.argsort(descending=True, stable=True)
    real = real[order].t()  # (T, B)
    sizes = real.sum(dim=1)
    starts = sizes.cumsum(0) - sizes
    last = torch.empty_like(row)
    last[order] = starts[lengths[order] - 1] + row  # - 1: steps count from 0
    return Packed(sizes.tolist(), order, real.flatten().nonzero().squeeze(1), row.expand(steps, -1)[real], last)
