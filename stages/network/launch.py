"""One training on several processes, GPUs or machines, each a rank, by PyTorch's own launcher and engine (DDP).

TORCHRUN="--standalone --nproc-per-node 2" dvc repro -f -s train@full-lstm
  ->  python -m torch.distributed.run --standalone --nproc-per-node 2 -m stages.train params.yaml full-lstm …
"""

import os
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, distributed, nn
from torch.nn.parallel import DistributedDataParallel


def hand_over(module: str) -> None:
    """Become torch's launcher if the environment's TORCHRUN holds options for it; its children come back here."""
    options = os.environ.get("TORCHRUN")
    if options and not distributed.is_torchelastic_launched():
        command = [sys.executable, "-m", "torch.distributed.run", *shlex.split(options), "-m", module, *sys.argv[1:]]
        os.execv(sys.executable, command)  # in this process' place, so that it stays DVC's child


@contextmanager
def group() -> Iterator[None]:
    """Join the other ranks, if this process is one of several: nccl between GPUs, gloo between CPUs."""
    if not distributed.is_torchelastic_launched():
        yield
        return
    distributed.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
    try:
        yield
    finally:
        distributed.destroy_process_group()


def ranks() -> int:
    return distributed.get_world_size() if distributed.is_initialized() else 1


def first() -> bool:
    """Whether this rank is the one that writes and prints."""
    return not distributed.is_initialized() or distributed.get_rank() == 0


def share(rows: int) -> tuple[slice, float]:
    """This rank's part of some rows, and the weight of what it finds in them, so that the ranks' sum is right.

    Where there are fewer rows than ranks every rank takes all, and each counts that much less.
    """
    if rows < ranks():
        return slice(None), 1 / ranks()
    return slice(distributed.get_rank() if ranks() > 1 else 0, None, ranks()), 1.0


def total(values: Tensor) -> Tensor:
    """The sum over all ranks, in place."""
    if ranks() > 1:
        distributed.all_reduce(values)
    return values


def shared(value: Any) -> Any:
    """The first rank's value, on every rank."""
    values = [value]
    if ranks() > 1:
        distributed.broadcast_object_list(values)
    return values[0]


def parallel(model: nn.Module) -> nn.Module:
    """The network with its gradients averaged over the ranks."""
    return DistributedDataParallel(model) if ranks() > 1 else model
