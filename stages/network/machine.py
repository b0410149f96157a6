"""The machine: its device (CUDA if there is any, else all CPU cores), precision, memory and description.

{'device': 'cpu', 'threads': 2, 'processes': 1, 'torch': '2.13.0', 'processor': 'AMD EPYC 9B14'}
"""

import os
import platform
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import joblib
import psutil
import torch

from stages.network import launch

# PyTorch's names for the precision of float32 matrix products. A CPU without bfloat16 units computes in float32.
PRECISIONS = {"float32": "highest", "tf32": "high", "bf16": "medium"}

# oneDNN computes bf16 products and compiles one kernel per shape. Its cache holds 1,024 kernels by default, but batches
# without padding have thousands of shapes. oneDNN reads this variable at the first product.
os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "20000")


def device() -> torch.device:
    """The device to compute on. Also sets the number of threads to all cores, unless OMP_NUM_THREADS is set."""
    if "OMP_NUM_THREADS" not in os.environ:
        torch.set_num_threads(joblib.cpu_count())  # PyTorch's default is one per two hyper-threads
    if not torch.cuda.is_available():
        return torch.device("cpu")
    cuda = torch.device("cuda", int(os.environ.get("LOCAL_RANK", 0)))  # torchrun numbers a machine's ranks
    torch.cuda.set_device(cuda)  # nccl needs it for the communication between ranks
    return cuda


@contextmanager
def precision(name: str) -> Iterator[None]:
    """Compute matrix products in this precision, a key of PRECISIONS. Weights, sums and optimiser stay float32."""
    earlier = torch.get_float32_matmul_precision(), torch.backends.cudnn.allow_tf32
    torch.set_float32_matmul_precision(PRECISIONS[name])
    torch.backends.cudnn.allow_tf32 = name != "float32"
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(earlier[0])
        torch.backends.cudnn.allow_tf32 = earlier[1]


def autocast(name: str, device: torch.device) -> torch.autocast:
    """Autocast for the forward pass: a GPU multiplies in bf16 only if the operands are cast to bf16."""
    return torch.autocast("cuda", torch.bfloat16, enabled=name == "bf16" and device.type == "cuda")


def peak_memory() -> int:
    """The peak memory of this process, in MiB: GPU memory if there is a GPU."""
    if torch.cuda.is_available():
        return torch.cuda.max_memory_allocated() // 2**20
    if sys.platform == "win32":
        return psutil.Process().memory_info().peak_wset // 2**20
    import resource  # here, because Windows lacks it

    unit = 1 if sys.platform == "darwin" else 2**10  # bytes in ru_maxrss' unit
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit // 2**20


def description() -> dict[str, str | int]:
    """What a training ran on. On a CPU, a training repeated with an equal description is byte-identical."""
    return {
        "device": torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu",
        "threads": torch.get_num_threads(),
        "processes": launch.ranks(),
        "torch": torch.__version__.split("+")[0],  # the suffix tells builds with and without CUDA apart
        "processor": processor(),
    }


def timing(seconds: list[float], rows: int) -> dict[str, float | int | str]:
    """Mean seconds per epoch (without validation), rows per second, peak memory, and the description of the machine."""
    mean = sum(seconds) / len(seconds)
    return {
        "seconds_per_epoch": round(mean, 3),
        "rows_per_second": round(rows / mean, 1),
        "peak_memory_mib": peak_memory(),
        **description(),
    }


def processor() -> str:
    """The CPU's name ('AMD EPYC 9B14'), or its architecture ('aarch64') if the system does not report a name."""
    name = ""
    with suppress(OSError):
        if sys.platform == "linux":
            lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
            name = next((line.partition(":")[2] for line in lines if line.startswith("model name")), "")
        elif sys.platform == "darwin":
            command = ["sysctl", "-n", "machdep.cpu.brand_string"]
            name = subprocess.run(command, capture_output=True, text=True).stdout
        else:
            name = platform.processor()
    return " ".join(name.split()) or platform.machine()
