"""End a stage together with the DVC that started it: if it went on, it would overwrite the outputs of the next DVC.

kill -9 of `dvc repro`  ->  the training that it started gets SIGKILL
"""

import ctypes
import os
import signal
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path


def die_with_dvc() -> None:
    """End this process when the DVC that started it dies; exit at once if it is already dead. Linux only."""
    if sys.platform != "linux" or "DVC_STAGE" not in os.environ:
        return
    PR_SET_PDEATHSIG = 1  # from linux/prctl.h: the signal this process gets when its parent dies
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    # In DVC's queue the parent, `dvc exp exec-run`, outlives a killed worker, and gets another parent itself.
    runner = os.getppid()
    while runner > 1 and "exec-run" not in _proc(runner, "cmdline").split("\0"):
        runner = _parent(runner)
    worker = _parent(runner)

    # From here on a death is noticed. If DVC died earlier, while Python started, this process is an orphan now. A rank
    # is not checked: it has a process group of its own, and cannot start without its launcher.
    launched = "TORCHELASTIC_RUN_ID" in os.environ
    if (not launched and _orphan(os.getpid())) or (runner > 1 and _orphan(runner)):
        sys.exit("stopped: the DVC that started this stage was killed")

    def watch() -> None:
        while _parent(runner) == worker:
            time.sleep(0.5)
        os.kill(os.getpid(), signal.SIGKILL)

    if runner > 1:
        threading.Thread(target=watch, daemon=True).start()


def _proc(pid: int, what: str) -> str:
    """The content of a process's file in /proc; empty if there is no such process or it is hidden."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/{what}").read_text(encoding="utf-8", errors="replace")
    return ""


def _parent(pid: int) -> int:
    """The parent's process id, which follows the name in parentheses and the state; 0 if it is unknown."""
    return int(([*_proc(pid, "stat").rpartition(")")[2].split(), "0", "0"])[1])


def _orphan(pid: int) -> bool:
    """Whether its parent has died: then its new parent is outside its process group."""
    return os.getpgid(_parent(pid)) != os.getpgid(pid)
