"""Batches of encoded rows, each trimmed to its longest source and answer.

sources (N, S), answers (N, T)  ->  (B, ≤ S), (B, ≤ T) int64, for every batch of B rows
"""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F
from tqdm import tqdm

from stages.network.alphabet import PAD

Rows = tuple[Tensor, Tensor]  # sources (N, S) and answers (N, T)

# Rows answered per batch: enough to keep the machine busy, few enough for little memory
ANSWERED = 1024


def widths(ids: Tensor) -> Tensor:
    """The number of real tokens, without padding, in each row of ids (N, T): (N)."""
    return (ids != PAD).sum(dim=1)


def trim(ids: Tensor, width: int) -> Tensor:
    """The first `width` columns, as int64, which PyTorch's embedding and loss need."""
    return ids[:, :width].long()


def fit(ids: Tensor) -> Tensor:
    """The ids trimmed to their longest row."""
    return trim(ids, int(widths(ids).max()))


def padded(ids: Tensor, width: int) -> Tensor:
    """Ids (N, T) padded on the right to `width` columns; wider ids are returned unchanged."""
    return F.pad(ids, (0, max(0, width - ids.shape[1])), value=PAD)


def shuffled(sources: Tensor, answers: Tensor, size: int, seed: tuple[int, int], first: int = 0) -> Iterator[Rows]:
    """Batches of all rows in a random order fixed by the seed, starting at batch number `first`."""
    source_widths, answer_widths = widths(sources).cpu(), widths(answers).cpu()
    order = torch.from_numpy(np.random.default_rng(seed).permutation(len(sources)))[first * size :]
    # Copy the order once and compute all widths beforehand, so that the loop never waits for a GPU
    for batch, rows in zip(order.split(size), order.to(sources.device).split(size), strict=True):
        yield (
            trim(sources[rows], int(source_widths[batch].max())),
            trim(answers[rows], int(answer_widths[batch].max())),
        )


def in_order(rows: int) -> Iterator[slice]:
    """Slices of `ANSWERED` rows; a terminal shows a progress bar after 5 seconds."""
    starts = range(0, rows, ANSWERED)
    for start in tqdm(starts, "answering", unit_scale=ANSWERED, unit="row", delay=5, leave=False, disable=None):
        yield slice(start, start + ANSWERED)
