"""Where networks compute: CUDA if there is any, else every core of the CPU.

{'device': 'cpu', 'threads': 2, 'processes': 1, 'torch': '2.13.0'}
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
import torch

from stages.network import launch

# How exact a product of two float32 matrices is, in PyTorch's words; a CPU has bfloat16 units or computes in float32.
PRECISIONS = {"float32": "highest", "tf32": "high", "bf16": "medium"}

# oneDNN, which multiplies bf16, builds a product anew for every shape that is not among the last ones it keeps, 1,024
# by itself; batches without padding have thousands of shapes. It reads this at the first product.
os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "20000")


def device() -> torch.device:
    """The device to compute on; on a CPU it also takes all cores, unless OMP_NUM_THREADS says otherwise."""
    if "OMP_NUM_THREADS" not in os.environ:
        torch.set_num_threads(cores())  # PyTorch by itself leaves out half of hyper-threaded ones
    if not torch.cuda.is_available():
        return torch.device("cpu")
    cuda = torch.device("cuda", int(os.environ.get("LOCAL_RANK", 0)))  # the launcher numbers a machine's ranks
    torch.cuda.set_device(cuda)  # for what the ranks say to each other
    return cuda


def cores() -> int:
    """Those that this process may use, which are not always all."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def precision(name: str) -> Iterator[None]:
    """Products as exact as a name of PRECISIONS says; weights, sums and the optimiser stay float32."""
    earlier = torch.get_float32_matmul_precision(), torch.backends.cudnn.allow_tf32
    torch.set_float32_matmul_precision(PRECISIONS[name])
    torch.backends.cudnn.allow_tf32 = name != "float32"
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(earlier[0])
        torch.backends.cudnn.allow_tf32 = earlier[1]


def autocast(name: str, device: torch.device) -> torch.autocast:
    """For the forward pass: a GPU's bf16 products are those of bf16 numbers, so there the weights are cast."""
    return torch.autocast("cuda", torch.bfloat16, enabled=name == "bf16" and device.type == "cuda")


def peak_memory() -> int:
    """The most that this process has held at any time, in MiB: on the GPU, if there is one."""
    if torch.cuda.is_available():
        return torch.cuda.max_memory_allocated() // 2**20
    if sys.platform == "win32":
        return psutil.Process().memory_info().peak_wset // 2**20
    import resource  # here, because Windows has none

    unit = 1 if sys.platform == "darwin" else 2**10  # bytes of what the system counts
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit // 2**20


def description() -> dict[str, str | int]:
    """What a training ran on; on the same processor, and with these equal, it gives the same bytes again."""
    return {
        "device": torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu",
        "threads": torch.get_num_threads(),
        "processes": launch.ranks(),
        "torch": torch.__version__.split("+")[0],  # the same release with and without CUDA differ in this suffix
    }
