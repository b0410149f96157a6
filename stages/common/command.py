"""How a stage ends: bad input, a full disk or too little memory gives one line on standard error and a non-zero exit.

$ python -m stages.generate params.yaml data/corpus.parquet
generate: params.yaml: lr: must be greater than 0 (found -1)
"""

import ctypes
import errno
import os
import re
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from stages.common.messages import BadInput, printable

SMALLER = {  # a change that needs less memory, by stage
    "train": "a smaller embed_dim, hidden_dim, layers or batch_size",
    "evaluate": "a smaller valid_share, hidden_dim or layers",
    "score": "a network with a smaller hidden_dim or fewer layers",
    "predict": "fewer expressions, or a network with a smaller hidden_dim or fewer layers",
    "report": "fewer runs, or smaller samples of the datasets",
    "study": "fewer --workers, or a smaller corpus.operands",
}
STARVED = re.compile(r"out of memory|can(no|')t allocate|not enough memory|bad_alloc")  # in PyTorch's RuntimeErrors
CUT_OFF = 128 + 13  # the exit status a shell reports for SIGPIPE, which Python ignores
LONGEST = 2000  # characters in a message
WITH_PARENT = "DVC_STAGE", "STUDY"  # environment variables that DVC and `study` set for the stages that they start


@contextmanager
def one_line(stage: str) -> Iterator[None]:
    """Report bad input, lack of disk or memory, Ctrl-C and SIGTERM in one line: `STAGE: message`.

    If the reader closes the pipe, as `head` does, the stage ends silently.
    """
    _die_with_parent()
    for number in (signal.SIGINT, signal.SIGTERM):  # raise KeyboardInterrupt, so that drafts are deleted
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, signal.default_int_handler)
    try:
        yield
        sys.stdout.flush()
    except KeyboardInterrupt:
        sys.exit(f"{stage}: stopped")
    except (BadInput, OSError, MemoryError, RuntimeError) as error:
        if isinstance(error, OSError) and error.filename is None:  # standard output, which Python flushes once more
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError):
            sys.exit(CUT_OFF)
        if (message := _message(stage, error)) is None:
            raise
        sys.exit(f"{stage}: {printable(message, LONGEST)}")


def _message(stage: str, error: Exception) -> str | None:
    """The message for a person; None if the error is a bug of the program."""
    starved = isinstance(error, RuntimeError) and STARVED.search(str(error))
    if starved or isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno == errno.ENOMEM):
        return f"out of memory; try {SMALLER.get(stage, 'a smaller corpus.operands or sample')}"
    return None if isinstance(error, RuntimeError) else str(error)


def _die_with_parent() -> None:
    """Have the kernel end this process when its parent, DVC or `study`, is killed: its outputs would come too late.

    Linux only.
    """
    if sys.platform == "linux" and any(name in os.environ for name in WITH_PARENT):
        PR_SET_PDEATHSIG = 1  # from linux/prctl.h: the signal this process gets when its parent dies
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
