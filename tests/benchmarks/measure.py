"""Functions of all benchmarks: training rows, a pass over them, rates measured in turn, useful operations.

rates({"ours": (5120, …), "usual loop": (5120, …)})  ->  {"ours": 2900.0, "usual loop": 1100.0} rows a second
"""

import statistics
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
from torch import Tensor
from tqdm import tqdm

from stages import train
from stages.common import params, tables
from stages.network import machine, tokens
from stages.network.checkpoint import Checkpoint
from stages.network.learner import Learner

REPEATS = 5  # timed calls, after one warm-up call
GATES = {"lstm": 4, "gru": 3}  # products with the input (and as many with the state) per step of a layer


def rates(contestants: dict[str, tuple[float, Callable[[], object]]]) -> dict[str, float]:
    """The median amount per second of each contestant, given the amount that one call processes.

    They take turns, so that a temporary slowdown of the machine affects all of them.
    """
    found = {name: [] for name in contestants}
    for _ in range(1 + REPEATS):
        for name, (amount, call) in contestants.items():
            started = time.perf_counter()
            call()
            found[name].append(amount / (time.perf_counter() - started))
    return {name: statistics.median(timed) for name, (_, *timed) in found.items()}


def drawn(corpus: Path, rows: int, seed: int) -> tuple[Tensor, Tensor]:
    """Random encoded rows of the corpus: sources (N, S) and answers (N, T)."""
    table = tables.read_table(corpus)
    return tokens.encode_table(
        table.take(np.random.default_rng(seed).choice(len(table), rows, replace=False)), corpus
    )


def spread(corpus: Path, rows: int, pieces: int = 10) -> tuple[Tensor, Tensor]:
    """Encoded rows in the order of the corpus, in pieces evenly spread over it."""
    table = tables.read_table(corpus)
    starts = range(0, pieces * (len(table) // pieces), len(table) // pieces)
    return tokens.encode_table(pa.concat_tables([table.slice(start, rows // pieces) for start in starts]), corpus)


def one_pass(learner: Learner, run: params.Run, rows: batches.Rows, batched: Callable = tokens.shuffled) -> float:
    """The seconds of one epoch over these rows, trained as `train` does."""
    with TemporaryDirectory() as folder, machine.precision(run.precision):
        batches = batched(*rows, run.batch_size, (run.seed, len(learner.seconds) + 1))
        checkpoint = Checkpoint(Path(folder), "benchmark", "")
        train.one_epoch(learner.model, learner, run, batches, checkpoint, tqdm(disable=True))
    learner.end_epoch()
    return learner.seconds[-1]


def useful_flop(run: params.Run, sources: Tensor, answers: Tensor) -> float:
    """Floating-point operations per row of training, on average over these rows. Every real token counts, no padding.

    6 per weight and token: a multiplication and an addition forward, and twice that backward.
    """
    embed, hidden, gates = run.embed_dim, run.hidden_dim, GATES[run.cell]
    source, answer = ((ids != tokens.PAD).sum().item() / len(ids) for ids in (sources, answers))
    layer = gates * 2 * hidden**2
    encoder = gates * hidden * (embed + hidden) + (run.layers - 1) * layer
    head = hidden**2 + hidden * len(tokens.TOKENS)
    return 6 * (source * encoder + answer * (run.layers * layer + head))
