"""The machine's peak speed: float32 matrix products alone, in the sizes that the recurrence needs.

{"256x256 · 256x1024": (20.1e9 operations, a call that does them), …}
"""

import math
from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor

from stages.common import params
from tests.benchmarks.measure import GATES

OPERATIONS = 2e10  # at least, per call: the product of one step is too short to time


def products(run: params.Run, places: int) -> dict[str, tuple[float, Callable[[], None]]]:
    """Contestants for `rates`: the products of one step, forward and backward, and those over a batch's places."""
    size, hidden, gates = run.batch_size, run.hidden_dim, GATES[run.cell] * run.hidden_dim
    sizes = [(size, hidden, gates), (size, gates, hidden), (places, hidden, gates), (gates, places, hidden)]
    found = {}
    for rows, inner, columns in sizes:
        once = 2 * rows * inner * columns  # a multiplication and an addition
        times = math.ceil(OPERATIONS / once)
        a, b, out = torch.randn(rows, inner), torch.randn(inner, columns), torch.empty(rows, columns)
        found[f"{rows}x{inner} · {inner}x{columns}"] = once * times, partial(_multiply, a, b, out, times)
    return found


def _multiply(a: Tensor, b: Tensor, out: Tensor, times: int) -> None:
    for _ in range(times):
        torch.mm(a, b, out=out)
