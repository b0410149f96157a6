"""Another way to batch, beside `batches.shuffled`: rows of about one length together, so that less is padded.

batch of 256: '7-9=' '8*3=' '12+4=' …    next batch: '(19-9)*11=' '41*(3+48)=' …
"""

from collections.abc import Iterator

import numpy as np
from torch import Tensor

from stages.network import batches

POOL = 20  # batches among which rows are sorted: more would make batches alike, fewer would leave lengths mixed


def bucketed(
    sources: Tensor, answers: Tensor, size: int, seed: tuple[int, int], first: int = 0
) -> Iterator[tuple[Tensor, Tensor]]:
    """Every row once, in an order of this seed, in batches of near-equal source length cut to their longest.

    The batches before the one numbered `first` are left out.
    """
    random = np.random.default_rng(seed)
    order, lengths = random.permutation(len(sources)), batches.widths(sources).numpy()
    made = []
    for start in range(0, len(order), POOL * size):
        pool = order[start : start + POOL * size]
        pool = pool[lengths[pool].argsort(kind="stable")]
        cut = np.split(pool, range(size, len(pool), size))
        random.shuffle(cut)
        made += cut
    for rows in made[first:]:
        source, answer = sources[rows], answers[rows]
        yield (
            batches.fit(source),
            batches.fit(answer),
        )
