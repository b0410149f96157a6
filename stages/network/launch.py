"""One training on several processes, GPUs or machines, each a rank, by PyTorch's own launcher and engine (DDP).

TORCHRUN="--standalone --nproc-per-node 2" dvc repro -f -s train@full-lstm
  ->  two processes `python -m stages.train params.yaml full-lstm …`
"""

import logging
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
    """Run torch's launcher if the environment's TORCHRUN holds options for it, and exit as its ranks did.

    The ranks come back here and go on. The launcher runs in this process, so that it dies with DVC as a stage does.
    """
    options = os.environ.get("TORCHRUN")
    if not options or distributed.is_torchelastic_launched():
        return
    # Not at the top: on macOS, and on Windows with an older PyTorch, importing these prints a warning
    from torch.distributed import run
    from torch.distributed.elastic.multiprocessing import SignalException
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError

    logging.disable(logging.WARNING)  # about each rank that it stops
    try:
        run.main([*shlex.split(options), "-m", module, *sys.argv[1:]])
    except ChildFailedError as error:
        code = error.get_first_failure()[1].exitcode
        sys.exit(code if code > 0 else 128 - code)  # as a shell counts signals
    except SignalException as error:
        raise KeyboardInterrupt from error
    sys.exit()


@contextmanager
def group() -> Iterator[None]:
    """Join the other ranks, if this process is one of several: nccl between GPUs, gloo between CPUs."""
    if not distributed.is_torchelastic_launched():
        yield
        return
    distributed.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
    try:
        yield
    except KeyboardInterrupt:
        sys.exit(1)  # without a word: the launcher, which was told to stop, has one for all ranks
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
