"""One training on several processes (ranks), GPUs or machines, with PyTorch's launcher torchrun and DDP.

TORCHRUN="--standalone --nproc-per-node 2" dvc repro -f -s train@full-lstm
  ->  two processes `python -m stages.train params.yaml full-lstm …`
"""

import logging
import os
import shlex
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, distributed, nn
from torch.nn.parallel import DistributedDataParallel

from stages.common.messages import BadInput


def hand_over(module: str) -> None:
    """With options in the environment variable TORCHRUN, run torchrun, and exit with the status of its ranks."""
    options = os.environ.get("TORCHRUN")
    if not options or distributed.is_torchelastic_launched():
        return
    # Imported here: elsewhere than on Linux, these imports may print a warning
    from torch.distributed import run
    from torch.distributed.elastic.multiprocessing import SignalException
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError

    logging.disable(logging.ERROR)  # torchrun logs each rank that fails or that it stops; ranks explain themselves
    try:
        run.main([*shlex.split(options), "-m", module, *sys.argv[1:]])
    except ChildFailedError as error:
        rank, failure = error.get_first_failure()
        if failure.exitcode < 0:
            print(f"TORCHRUN: rank {rank} was ended by signal {-failure.exitcode}", file=sys.stderr)
        sys.exit(failure.exitcode if failure.exitcode > 0 else 128 - failure.exitcode)  # as a shell reports a signal
    except SignalException as error:
        raise KeyboardInterrupt from error
    except (ValueError, AssertionError, RuntimeError) as error:  # of the options, or of the network
        raise BadInput(f"TORCHRUN={options}: {str(error) or 'there must be at least 1 process'}") from error
    sys.exit()


@contextmanager
def group() -> Iterator[None]:
    """Join the other ranks, if this process is one of several: nccl between GPUs, gloo between CPUs."""
    if not distributed.is_torchelastic_launched():
        yield
        return
    try:
        try:
            distributed.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
        except (ValueError, RuntimeError) as error:
            time.sleep(2 * int(os.environ["LOCAL_RANK"]))  # torchrun stops the other ranks before they say it too
            raise BadInput(f"the ranks cannot connect: {error}") from error
        yield
    except KeyboardInterrupt:
        sys.exit(1)  # no message: torchrun, stopped too, prints one for all ranks
    finally:
        if distributed.is_initialized():
            distributed.destroy_process_group()


def ranks() -> int:
    return distributed.get_world_size() if distributed.is_initialized() else 1


def first() -> bool:
    """Whether this is rank 0, the only one that writes and prints."""
    return not distributed.is_initialized() or distributed.get_rank() == 0


def share(rows: int) -> tuple[slice, float]:
    """This rank's slice of `rows` rows, and the weight of its results in a sum over all ranks."""
    if rows < ranks():  # every rank takes all rows
        return slice(None), 1 / ranks()
    return slice(distributed.get_rank() if ranks() > 1 else 0, None, ranks()), 1.0


def total(values: Tensor) -> Tensor:
    """The sum over all ranks, in place."""
    if ranks() > 1:
        distributed.all_reduce(values)
    return values


def shared(value: Any) -> Any:
    """Rank 0's value, on every rank."""
    values = [value]
    if ranks() > 1:
        distributed.broadcast_object_list(values)
    return values[0]


def parallel(model: nn.Module) -> nn.Module:
    """The model, with gradients averaged over all ranks."""
    return DistributedDataParallel(model) if ranks() > 1 else model
