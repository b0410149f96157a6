"""A running command, and what it prints.

'small-lstm 3/10: loss 1.7681, …' and 'train: stopped'  ->  epochs [3], last_line 'train: stopped'
"""

import re
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

PATIENCE = 180  # seconds to wait for anything before it counts as failed
NOTICED = 3  # seconds in which a running trainer must end after its DVC was killed


class Unexpected(Exception):
    """An unexpected result, in a few words for the table."""


class Refused(Exception):
    """The machine does not allow this fault; the message is the system's."""


@dataclass
class Running:
    """A command in its own session, as in its own terminal."""

    process: subprocess.Popen
    root: Path
    log: Path
    started: float

    def seconds(self) -> float:
        return time.monotonic() - self.started

    def text(self) -> str:
        """The output so far, with paths relative to the project."""
        return self.log.read_text(errors="replace").replace(f"{self.root}/", "")

    def end(self) -> int:
        try:
            return self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired as error:
            raise Unexpected(f"`{' '.join(self.process.args)}` does not end") from error


def wait_until(true: Callable[[], bool], what: str, patience: float = PATIENCE, pause: float = 0.02) -> None:
    """Wait until `true()` holds. Raises Unexpected after `patience` seconds."""
    end = time.monotonic() + patience
    while not true():
        if time.monotonic() > end:
            raise Unexpected(f"{what}: not within {patience:.0f} s")
        time.sleep(pause)


def epochs(text: str) -> list[int]:
    """The epochs that a training printed."""
    return [int(number) for number in re.findall(r"^\S+ (\d+)/\d+: loss", text, re.MULTILINE)]


def last_line(text: str, verb: str = "train") -> str:
    """The stage's last own message, else DVC's last error, else an empty text."""
    lines = [line for start in ("ERROR: ", f"{verb}: ") for line in text.splitlines() if line.startswith(start)]
    return re.sub(r"failed to run: .*, exited", "failed to run: …, exited", lines[-1]) if lines else ""
