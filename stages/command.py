"""How a stage ends when its input is wrong: one line on standard error, a non-zero exit, no traceback.

$ python -m stages.generate params.yaml data/corpus.parquet
generate: params.yaml: lr: must be greater than 0 (found -1)
"""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager


class BadInput(Exception):
    """Input that a person can put right; the message says what, where, and what would be right."""


@contextmanager
def one_line(stage: str) -> Iterator[None]:
    """Turn bad input, a failing disk, Ctrl-C and SIGTERM into one line that begins with the stage's name."""
    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, signal.default_int_handler)  # so that drafts are cleared away
    try:
        yield
    except (BadInput, OSError) as error:
        sys.exit(f"{stage}: {error}")
    except (MemoryError, RuntimeError) as error:  # PyTorch raises the latter for want of memory too
        if "allocate" not in str(error) and not isinstance(error, MemoryError):
            raise
        sys.exit(f"{stage}: out of memory; smaller embed_dim, hidden_dim, layers or batch_size would fit")
    except KeyboardInterrupt:
        sys.exit(f"{stage}: stopped")


def shown(text: str, most: int = 60) -> str:
    """Any text as part of one line on a terminal: control characters escaped, and at most `most` characters.

    A text that was cut ends with '…'.
    """
    # Cut before escaping, so that a cell of 10 MB costs no more than a short one
    safe = "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in text[: most + 1]
    )
    return safe if len(safe) <= most else safe[: most - 1] + "…"
