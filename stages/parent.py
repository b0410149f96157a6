"""A stage must not outlive its DVC: it would overwrite what the next DVC makes.

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
    """End this process when the DVC that started it dies; exits at once where it is dead already. Linux only."""
    if sys.platform != "linux" or "DVC_STAGE" not in os.environ:
        return
    PR_SET_PDEATHSIG = 1  # from linux/prctl.h: the signal this process gets when its parent dies
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    # In a queue the parent, `dvc exp exec-run`, outlives a killed worker; then its own parent becomes another.
    runner = os.getppid()
    while runner > 1 and "exec-run" not in _proc(runner, "cmdline").split("\0"):
        runner = _parent(runner)
    worker = _parent(runner)

    # From now on a death is noticed; one before, while Python started, shows in who the parent is. A rank has a group
    # of its own, and cannot start without its launcher.
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
    """A file of /proc about a process; nothing where there is no such process, or it is hidden from us."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/{what}").read_text(encoding="utf-8", errors="replace")
    return ""


def _parent(pid: int) -> int:
    """The parent's process id, which stands behind the name in parentheses and the state; 0 where it is not known."""
    return int(([*_proc(pid, "stat").rpartition(")")[2].split(), "0", "0"])[1])


def _orphan(pid: int) -> bool:
    """Whether its parent has died: then another one has taken it in, from outside its process group."""
    return os.getpgid(_parent(pid)) != os.getpgid(pid)
