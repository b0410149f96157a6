"""How a stage ends: bad input, a full disk or too little memory gives one line on standard error and a non-zero exit.

$ python -m stages.generate params.yaml data/corpus.parquet
generate: params.yaml: lr: must be greater than 0 (found -1)
"""

import os
import re
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

import psutil

from stages.common.messages import BadInput, printable

STARVED = re.compile(r"out of memory|can(no|')t allocate|not enough memory|bad_alloc", re.IGNORECASE)
CUT_OFF = 128 + 13  # the exit status a shell reports for SIGPIPE, which Python ignores
WITH_PARENT = "DVC_STAGE", "STUDY"  # environment variables that DVC and `study` set for the stages that they start
STOPPED = Event()  # by a signal
SHELLS = "sh", "dash", "bash", "zsh", "ksh", "fish", "busybox", "cmd.exe"


@contextmanager
def one_line(stage: str) -> Iterator[None]:
    """Report bad input, lack of disk or memory, and stop signals in one line; end silently if a pipe is closed."""
    _die_with_parent()
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):  # raise KeyboardInterrupt, so that drafts are deleted
        number = getattr(signal, name, None)  # Windows lacks SIGHUP, which a closed terminal sends
        if number and signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, signal.default_int_handler)
    try:
        yield
        sys.stdout.flush()
    except KeyboardInterrupt:
        STOPPED.set()
        sys.exit(f"{stage}: stopped")
    except (BadInput, OSError, MemoryError, RuntimeError) as error:
        if isinstance(error, OSError) and error.filename is None:  # standard output, which Python flushes once more
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError):
            sys.exit(CUT_OFF)
        starved = isinstance(error, MemoryError) or STARVED.search(str(error))
        if isinstance(error, RuntimeError) and not starved:  # a bug
            raise
        remedy = "try fewer rows at a time, a smaller network, batch_size, sample or corpus.operands"
        sys.exit(f"{stage}: out of memory; {remedy}" if starved else f"{stage}: {printable(str(error), 2000)}")


def _die_with_parent() -> None:
    """Stop this process when the one that started it, DVC or `study`, is gone, for example killed."""
    if any(name in os.environ for name in WITH_PARENT):
        # DVC calls a shell. bash then becomes the command that it runs; others wait for it
        parent = next(process for process in psutil.Process().parents() if process.name() not in SHELLS)
        Thread(target=_stop_after, args=[parent], daemon=True).start()


def _stop_after(parent: psutil.Process) -> None:
    parent.wait()
    if not STOPPED.wait(timeout=1):  # what ended the parent may stop this process too; twice would interrupt its exit
        os.kill(os.getpid(), signal.SIGTERM)
