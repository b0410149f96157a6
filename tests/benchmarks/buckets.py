"""Length buckets, an alternative to `tokens.shuffled`: rows of similar length share a batch, with less padding.

batch of 256: '7-9=' '8*3=' '12+4=' …    next batch: '(19-9)*11=' '41*(3+48)=' …
"""

from collections.abc import Iterator

import numpy as np
from torch import Tensor

from stages.network import batches

POOL = 20  # batches that are sorted together: more would make epochs alike, fewer would leave lengths mixed


def bucketed(
    sources: Tensor, answers: Tensor, size: int, seed: tuple[int, int], first: int = 0
) -> Iterator[tuple[Tensor, Tensor]]:
    """Batches of all rows in a random order fixed by the seed, starting at batch number `first`.

    The rows of a batch have sources of similar length, trimmed to the longest.
    """
    random = np.random.default_rng(seed)
    order, lengths = random.permutation(len(sources)), tokens.widths(sources).numpy()
    ordered = []
    for start in range(0, len(order), POOL * size):
        pool = order[start : start + POOL * size]
        pool = pool[lengths[pool].argsort(kind="stable")]
        cut = np.split(pool, range(size, len(pool), size))
        random.shuffle(cut)
        ordered += cut
    for rows in ordered[first:]:
        source, answer = sources[rows], answers[rows]
        yield (
            tokens.fit(source),
            tokens.fit(answer),
        )
