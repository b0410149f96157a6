"""The pipeline: a module named like a DVC stage is that stage (a verb); the others are nouns they share.

What stands here happens before PyTorch is imported, which takes its time.
"""

import ctypes
import os
import signal
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

# The code as this process reads it; `sources` holds it against the files when outputs take their places.
SOURCE = {
    path: path.read_bytes()
    for path in sorted(Path(__file__).parent.rglob("*"))
    if path.suffix in (".py", ".j2", ".css", ".js") and not path.name.startswith(".")
}


def _told(pid: int, what: str) -> str:
    """A file of /proc about a process; nothing where there is no such process, or it is hidden from us."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/{what}").read_text(encoding="utf-8", errors="replace")
    return ""


def _parent(pid: int) -> int:
    """The parent's process id, which stands behind the name in parentheses and the state; 0 where it is not told."""
    return int(([*_told(pid, "stat").rpartition(")")[2].split(), "0", "0"])[1])


def _orphan(pid: int) -> bool:
    """Whether its parent has died: then another one has taken it in, from outside its process group."""
    return os.getpgid(_parent(pid)) != os.getpgid(pid)


def _die_with_dvc() -> None:
    """A stage whose DVC was killed must not go on and overwrite what the next DVC makes. Linux only."""
    PR_SET_PDEATHSIG = 1  # from linux/prctl.h: the signal this process gets when its parent dies
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    # In a queue the parent, `dvc exp exec-run`, outlives a killed worker; then its own parent becomes another.
    runner = os.getppid()
    while runner > 1 and "exec-run" not in _told(runner, "cmdline").split("\0"):
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


# While a stage's imports run, which take seconds, Ctrl-C ends it without a word; `one_line` finds words for it later.
if sys.argv[0] == "-m" and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
if sys.platform == "linux" and "DVC_STAGE" in os.environ:
    _die_with_dvc()

# How often a waiting OpenMP thread looks whether the others are done before it sleeps. With 300,000, libgomp's default,
# it occupies its core for milliseconds, and beside other busy processes the thread it waits for needs that core.
# libgomp reads the variable while PyTorch is imported. `make bench` compares several values.
SPINS = 1_000
if not {"GOMP_SPINCOUNT", "OMP_WAIT_POLICY"} & os.environ.keys():
    os.environ["GOMP_SPINCOUNT"] = str(SPINS)
