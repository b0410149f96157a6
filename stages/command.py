"""How a stage ends: bad input, a full disk or too little memory gives one line on standard error and a non-zero exit.

$ python -m stages.generate params.yaml data/corpus.parquet
generate: params.yaml: lr: must be greater than 0 (found -1)
"""

import errno
import io
import os
import re
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from stages import parent

SMALLER = {  # a change that needs less memory, by stage
    "generate": "a smaller corpus.operands",
    "subset": "a smaller corpus.operands",
    "sample": "a smaller sample or corpus.operands",
    "train": "a smaller embed_dim, hidden_dim, layers or batch_size",
    "evaluate": "fewer rows, or a network with a smaller hidden_dim or fewer layers",
    "score": "a network with a smaller hidden_dim or fewer layers",
    "predict": "fewer expressions, or a network with a smaller hidden_dim or fewer layers",
    "report": "fewer runs, or smaller samples of the datasets",
    "study": "fewer --workers, or a smaller corpus.operands",
}
STARVED = re.compile(r"out of memory|can(no|')t allocate|not enough memory|bad_alloc")  # in PyTorch's RuntimeErrors
UNWRITABLE = errno.EBADF, errno.EDQUOT, errno.EFBIG, errno.ENOSPC  # not EIO: reading can cause it too
OUTPUT = "standard output"
CUT_OFF = 128 + 13  # the exit status a shell reports for SIGPIPE, which Python ignores
LONGEST = 2000  # characters in a message


class BadInput(Exception):
    """Input that a person can fix; the message says what is wrong, where, and what to do."""


def shown(text: str, most: int = 60) -> str:
    """Text made safe for one line of a terminal: control characters escaped, at most `most` characters.

    A truncated text ends with '…'.
    """
    # Cut before escaping, so that a cell of 10 MB costs no more than a short one
    safe = "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in text[: most + 1]
    )
    return safe if len(safe) <= most else safe[: most - 1] + "…"


@contextmanager
def one_line(stage: str) -> Iterator[None]:
    """Report bad input, lack of disk or memory, failing output, Ctrl-C and SIGTERM in one line: `STAGE: message`.

    If the reader closes the pipe, as `head` does, the stage ends silently.
    """
    parent.die_with_dvc()
    try:
        with _stoppable(), _printed():
            yield
    except BrokenPipeError:
        sys.exit(CUT_OFF)
    except KeyboardInterrupt:
        sys.exit(f"{stage}: stopped")
    except (BadInput, OSError, MemoryError, RuntimeError) as error:
        if (message := _message(stage, error)) is None:
            raise
        sys.exit(f"{stage}: {shown(message, LONGEST)}")


def _message(stage: str, error: Exception) -> str | None:
    """The message for a person; None if the error is a bug of the program."""
    starved = isinstance(error, RuntimeError) and STARVED.search(str(error))
    if starved or isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno == errno.ENOMEM):
        return f"out of memory; try {SMALLER.get(stage, 'less at a time')}"
    if isinstance(error, OSError) and (  # an error of a file names it, see `files.atomic`
        error.filename == OUTPUT or (error.filename is None and error.errno in UNWRITABLE)
    ):
        return f"{OUTPUT}: {'is closed' if error.errno == errno.EBADF else error.strerror}"
    return None if isinstance(error, RuntimeError) else str(error)


@contextmanager
def _stoppable() -> Iterator[None]:
    """Ctrl-C and SIGTERM raise KeyboardInterrupt, so that drafts are deleted."""
    ours = [number for number in (signal.SIGINT, signal.SIGTERM) if signal.getsignal(number) is signal.SIG_DFL]
    for number in ours:
        signal.signal(number, signal.default_int_handler)
    try:
        yield
    finally:
        for number in ours:
            signal.signal(number, signal.SIG_DFL)


@contextmanager
def _printed() -> Iterator[None]:
    """Raise OSError if printed text cannot be written to standard output, instead of losing it when Python exits.

    Characters that the encoding of standard output or standard error lacks are escaped.
    """
    if sys.stdout is None:  # closed: print would do nothing. Writing to this read-only file fails
        sys.stdout = os.fdopen(os.open(os.devnull, os.O_RDONLY), "w", closefd=False)
    if sys.stderr is None:  # closed: messages would go to standard output
        sys.stderr = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w", closefd=False)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        yield
    except SystemExit:
        _flush()
        raise
    except BaseException:
        with suppress(OSError):  # only the first error is reported
            _flush()
        raise
    _flush()


def _flush() -> None:
    failed = None
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError as error:
            error.filename = OUTPUT
            failed = failed or error
            with suppress(OSError):  # otherwise Python retries at exit and prints an error
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    if failed:
        raise failed
