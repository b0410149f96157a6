"""Batches of encoded rows, each cut to its own longest source and answer.

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

# Rows answered at a time; large enough to fill the machine, small enough for any memory.
ANSWERED = 1024


def widths(ids: Tensor) -> Tensor:
    """Real tokens in each row of (N, T), padding left out: (N)."""
    return (ids != PAD).sum(dim=1)


def trim(ids: Tensor, width: int) -> Tensor:
    """The first `width` columns as the int64 that PyTorch's embedding and loss want."""
    return ids[:, :width].long()


def fit(ids: Tensor) -> Tensor:
    """`trim` to the longest row."""
    return trim(ids, int(widths(ids).max()))


def padded(ids: Tensor, width: int) -> Tensor:
    """Ids (N, T) with PAD on the right up to `width` columns; wider ones stay as they are."""
    return F.pad(ids, (0, max(0, width - ids.shape[1])), value=PAD)


def shuffled(sources: Tensor, answers: Tensor, size: int, seed: tuple[int, int], first: int = 0) -> Iterator[Rows]:
    """Every row once, in an order of this seed, in batches; those before the one numbered `first` are left out."""
    source_widths, answer_widths = widths(sources).cpu(), widths(answers).cpu()
    order = torch.from_numpy(np.random.default_rng(seed).permutation(len(sources)))[first * size :]
    # Copied once, and the widths known beforehand, so that a GPU is never waited for.
    for batch, rows in zip(order.split(size), order.to(sources.device).split(size), strict=True):
        yield (
            trim(sources[rows], int(source_widths[batch].max())),
            trim(answers[rows], int(answer_widths[batch].max())),
        )


def in_order(rows: int) -> Iterator[slice]:
    """The rows in batches of `ANSWERED`; a bar on a terminal, if it takes more than 5 seconds."""
    starts = range(0, rows, ANSWERED)
    for start in tqdm(starts, "answering", unit_scale=ANSWERED, unit="row", delay=5, leave=False, disable=None):
        yield slice(start, start + ANSWERED)
