"""The machine: its device (CUDA if there is any, else all CPU cores), precision, memory and description.

{'device': 'cpu', 'threads': 1, 'processes': 1, 'torch': '2.13.0', 'processor': 'AMD EPYC 9B14'}
"""

import os
import platform
import re
import subprocess
import sys
from pathlib import Path

import joblib
import psutil
import torch

from stages import AFFINITY
from stages.network import launch

# PyTorch's names for the precision of float32 matrix products. A CPU without bfloat16 units computes in float32.
PRECISIONS = {"float32": "highest", "tf32": "high", "bf16": "medium"}

# oneDNN compiles a kernel for each shape of bf16 products, and keeps 1,024 by default. Batches without padding have
# thousands of shapes.
os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "20000")


def device(threads: int | None = None) -> torch.device:
    """The device to compute on. Sets the number of threads, by default all cores, unless OMP_NUM_THREADS is set."""
    if sys.platform == "linux":
        os.sched_setaffinity(0, AFFINITY)  # OMP_PROC_BIND and its kind bind this thread to one core, maybe a busy one
    if "OMP_NUM_THREADS" not in os.environ:
        torch.set_num_threads(threads or joblib.cpu_count())  # PyTorch's default is one per two hyper-threads
    if not torch.cuda.is_available():
        return torch.device("cpu")
    cuda = torch.device("cuda", int(os.environ.get("LOCAL_RANK", 0)))  # torchrun numbers a machine's ranks
    torch.cuda.set_device(cuda)  # nccl needs it for the communication between ranks
    return cuda


def set_precision(name: str) -> None:
    """Compute matrix products in this precision, a key of PRECISIONS. Weights, sums and optimiser stay float32."""
    torch.set_float32_matmul_precision(PRECISIONS[name])
    torch.backends.cudnn.allow_tf32 = name != "float32"


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


def timing(seconds: list[float], rows: int) -> dict[str, float | int | str]:
    """Mean seconds per epoch (without validation), rows per second, peak memory in MiB, and the machine."""
    mean = sum(seconds) / len(seconds)
    return {
        "seconds_per_epoch": round(mean, 3),
        "rows_per_second": round(rows / mean, 1),
        "peak_memory_mib": peak_memory(),
        **described(),
    }


def described() -> dict[str, int | str]:
    """The device, threads, ranks, PyTorch version and processor: on others, sums round in another order."""
    return {
        "device": torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu",
        "threads": torch.get_num_threads(),
        "processes": launch.ranks(),
        "torch": torch.__version__.split("+")[0],  # the suffix tells builds with and without CUDA apart
        "processor": processor(),
    }


def processor() -> str:
    """The CPU's name ('AMD EPYC 9B14'), or its architecture ('aarch64') if the system does not report a name."""
    name = platform.processor()
    if sys.platform == "linux":
        names = re.search(r"^model name\s*:(.*)", Path("/proc/cpuinfo").read_text(errors="replace"), re.MULTILINE)
        name = names[1] if names else ""
    elif sys.platform == "darwin":
        command = ["sysctl", "-n", "machdep.cpu.brand_string"]
        name = subprocess.run(command, capture_output=True, text=True).stdout
    return " ".join(name.split()) or platform.machine()
