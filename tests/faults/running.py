"""A command under way, and what it prints.

'small-lstm 3/10: loss 1.7681, …' and 'train: stopped'  ->  epochs [3], said 'train: stopped'
"""

import re
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

PATIENCE = 180  # seconds until something that should have happened counts as not happening


class Unexpected(Exception):
    """What went otherwise than a person would expect, in a few words for the table."""


class Refused(Exception):
    """The machine does not let this fault be made; the message is the machine's."""


@dataclass
class Running:
    """A command in a session of its own, as in a terminal of its own."""

    process: subprocess.Popen
    root: Path
    log: Path
    started: float

    def seconds(self) -> float:
        return time.monotonic() - self.started

    def text(self) -> str:
        """What it has printed, with names as seen from the project."""
        return self.log.read_text(errors="replace").replace(f"{self.root}/", "")

    def end(self) -> int:
        try:
            return self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired as error:
            raise Unexpected(f"`{' '.join(self.process.args)}` does not end") from error


def wait_until(true: Callable[[], bool], what: str, patience: float = PATIENCE, pause: float = 0.02) -> None:
    """Raises Unexpected when it does not come true."""
    end = time.monotonic() + patience
    while not true():
        if time.monotonic() > end:
            raise Unexpected(f"{what}: not within {patience:.0f} s")
        time.sleep(pause)


def epochs(text: str) -> list[int]:
    """The epochs whose lines a training printed."""
    return [int(number) for number in re.findall(r"^\S+ (\d+)/\d+: loss", text, re.MULTILINE)]


def said(text: str, verb: str = "train") -> str:
    """The stage's last line about itself, or else DVC's, or nothing."""
    lines = [line for start in ("ERROR: ", f"{verb}: ") for line in text.splitlines() if line.startswith(start)]
    return re.sub(r"failed to run: .*, exited", "failed to run: …, exited", lines[-1]) if lines else ""
