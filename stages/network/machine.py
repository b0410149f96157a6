"""Where networks compute: CUDA if there is any, else every core of the CPU.

{'device': 'cpu', 'threads': 2, 'processes': 1, 'torch': '2.13.0', 'processor': 'AMD EPYC 9B14'}
"""

import math
import os
import platform
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath

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
    """How many cores this process may use: its affinity, and a container's quota rounded up."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return math.ceil(min(allowed, quota()))


def quota(proc: Path = Path("/proc/self")) -> float:
    """The CPU time per second that cgroups (v1 or v2) grant this process, in cores; infinite without a limit.

    joblib's cpu_count looks at the outermost group alone, where a systemd slice or a nested container has no limit.
    """
    limits = [math.inf]
    with suppress(OSError):  # another system than Linux
        groups = [line.split(":", 2) for line in (proc / "cgroup").read_text(encoding="utf-8").splitlines()]
        paths = {name: path for _, names, path in groups for name in names.split(",")}  # v2 has an empty name
        for line in (proc / "mountinfo").read_text(encoding="utf-8").splitlines():
            mount, _, filesystem = line.partition(" - ")
            (_, _, _, top, point, *_), (kind, *_, options) = mount.split(), filesystem.split()
            name = {"cgroup2": "", "cgroup": "cpu"}.get(kind)
            if name in paths and name in ["", *options.split(",")]:
                limits += map(_limit, _with_parents(Path(point), top, paths[name]))
    return min(limits)


def _with_parents(point: Path, top: str, path: str) -> list[Path]:
    """A group's folder and those of its parents, in a mount at `point` that shows the hierarchy from `top` down."""
    inside = PurePosixPath(path)
    if not inside.is_relative_to(top) or ".." in inside.parts:  # seen from a container: its own group is the mount
        return [point]
    inside = inside.relative_to(top)
    return [point / inside, *(point / parent for parent in inside.parents)]


def _limit(group: Path) -> float:
    """Cores that a group's own quota allows."""
    for names in (["cpu.max"], ["cpu.cfs_quota_us", "cpu.cfs_period_us"]):
        with suppress(OSError, ValueError):  # no such file; "max 100000" is no limit
            time, period = map(int, " ".join((group / name).read_text(encoding="utf-8") for name in names).split())
            return time / period if time > 0 else math.inf  # v1 writes -1 for no limit
    return math.inf


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
        "processor": processor(),
    }


def timing(seconds: list[float], rows: int) -> dict[str, float | int | str]:
    """Mean seconds of an epoch's training pass (validation not counted), rows per second, memory, and on what."""
    mean = sum(seconds) / len(seconds)
    return {
        "seconds_per_epoch": round(mean, 3),
        "rows_per_second": round(rows / mean, 1),
        "peak_memory_mib": peak_memory(),
        **description(),
    }


def processor() -> str:
    """The CPU's name, as in 'AMD EPYC 9B14'; the architecture, as in 'aarch64', where the system does not tell it."""
    name = ""
    with suppress(OSError):
        if sys.platform == "linux":
            lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
            name = next((line.partition(":")[2] for line in lines if line.startswith("model name")), "")
        elif sys.platform == "darwin":
            asked = ["sysctl", "-n", "machdep.cpu.brand_string"]
            name = subprocess.run(asked, capture_output=True, text=True).stdout
        else:
            name = platform.processor()
    return " ".join(name.split()) or platform.machine()
