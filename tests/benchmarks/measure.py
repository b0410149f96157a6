"""Functions of all benchmarks: training rows, a pass over them, rates measured in turn, useful and peak operations.

rounds({"ours": (5120, …), "usual loop": (5120, …)})  ->  {"ours": [2900.0, …], "usual loop": [1100.0, …]} rows a second
"""

import math
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
import torch
from torch import Tensor
from tqdm import tqdm

from stages import train
from stages.common import params, tables
from stages.network import machine, tokens
from stages.network.checkpoint import Checkpoint
from stages.network.drawing import whole
from stages.network.learner import Learner
from stages.network.tokens import Rows

REPEATS = 5  # timed calls, after one warm-up call
GATES = {"lstm": 4, "gru": 3}  # products with the input (and as many with the state) per step of a layer
OPERATIONS = 2e10  # of matrix products per call, at least: the product of one step is too short to time


def rounds(contestants: dict[str, tuple[float, Callable[[], object]]]) -> dict[str, list[float]]:
    """The amount per second of each contestant in each round, given the amount that one call processes.

    They take turns, so that a temporary slowdown of the machine affects all of them.
    """
    measured = {name: [] for name in contestants}
    for _ in range(1 + REPEATS):
        for name, (amount, call) in contestants.items():
            started = time.perf_counter()
            call()
            measured[name].append(amount / (time.perf_counter() - started))
    return {name: timed for name, (_, *timed) in measured.items()}


def drawn(corpus: Path, rows: int, seed: int) -> Rows:
    """Random encoded rows of the corpus: sources (N, S) and answers (N, T)."""
    table = tables.read_table(corpus)
    return tokens.encode_table(table.take(np.random.default_rng(seed).choice(len(table), rows, replace=False)))


def spread(corpus: Path, rows: int, pieces: int = 10) -> Rows:
    """Encoded rows in the order of the corpus, in pieces evenly spread over it."""
    table = tables.read_table(corpus)
    starts = range(0, pieces * (len(table) // pieces), len(table) // pieces)
    return tokens.encode_table(pa.concat_tables([table.slice(start, rows // pieces) for start in starts]))


def one_pass(learner: Learner, run: params.Run, rows: Rows) -> float:
    """The seconds of one epoch over these rows, trained as `train` does."""
    before = torch.get_float32_matmul_precision(), torch.backends.cudnn.allow_tf32
    machine.set_precision(run.precision)
    with TemporaryDirectory() as folder:
        batches = whole(*rows).batches(run.batch_size, (run.seed, len(learner.seconds) + 1))
        checkpoint = Checkpoint(Path(folder), "benchmark", "", run.epochs)
        bar = tqdm(total=len(rows[0]), disable=True)
        train.one_epoch(learner.model, learner, run, batches, checkpoint, None, bar)
    torch.set_float32_matmul_precision(before[0])  # a rival that takes its turn has PyTorch's own
    torch.backends.cudnn.allow_tf32 = before[1]
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


def products(run: params.Run, places: int) -> dict[str, tuple[float, Callable[[], None]]]:
    """The machine's peak: contestants for `rounds` that only multiply float32 matrices, in the recurrence's sizes.

    These are the products of one step, forward and backward, and those over a batch's `places`.
    """
    size, hidden, gates = run.batch_size, run.hidden_dim, GATES[run.cell] * run.hidden_dim
    sizes = [(size, hidden, gates), (size, gates, hidden), (places, hidden, gates), (gates, places, hidden)]
    contestants = {}
    for rows, inner, columns in sizes:
        once = 2 * rows * inner * columns  # a multiplication and an addition
        times = math.ceil(OPERATIONS / once)
        a, b, out = torch.randn(rows, inner), torch.randn(inner, columns), torch.empty(rows, columns)
        contestants[f"{rows}x{inner} · {inner}x{columns}"] = once * times, partial(_multiply, a, b, out, times)
    return contestants


def _multiply(a: Tensor, b: Tensor, out: Tensor, times: int) -> None:
    for _ in range(times):
        torch.mm(a, b, out=out)
