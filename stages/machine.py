"""Where networks compute: CUDA if there is any, else every core of the CPU.

{'device': 'cpu', 'threads': 2, 'torch': '2.13.0'}
"""

import os

import torch


def device() -> torch.device:
    """The device to compute on; on a CPU it also takes all cores, unless OMP_NUM_THREADS says otherwise."""
    if "OMP_NUM_THREADS" not in os.environ:
        # PyTorch by itself leaves out half of hyper-threaded cores; a process may be confined to some of all cores.
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        torch.set_num_threads(cores)
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def description() -> dict[str, str | int]:
    """What a training ran on; on the same processor, and with these equal, it gives the same bytes again."""
    return {
        "device": torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu",
        "threads": torch.get_num_threads(),
        "torch": torch.__version__.split("+")[0],  # the same release with and without CUDA differ in this suffix
    }
