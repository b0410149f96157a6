"""git and dvc, called, and which commit the code is of.

call("git", "show", "HEAD:reports/metrics/full-lstm.json")  ->  '{"exact_match": 0.054448, …'
"""

import os
import subprocess
import tempfile
from contextlib import suppress
from typing import BinaryIO

from stages.command import BadInput
from stages.origin import STAGES

DIRTY = "+"  # behind a commit: the code had changes that were not committed


def call(*command: str, env: dict | None = None) -> str:
    """The command's standard output; raises BadInput with the line of its error output that says what was wrong."""
    # Files, because a worker that the command leaves in the background would keep a pipe open
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        english = {"LANGUAGE": "en"}  # git translates its errors
        done = subprocess.run(command, stdout=out, stderr=err, env=(env or os.environ) | english)
        printed, said = map(_text, (out, err))
    if done.returncode:
        reason = complaint(said) or f"exit status {done.returncode}"
        raise BadInput(f"`{' '.join(command)}` failed: {reason}")
    return printed


def _text(file: BinaryIO) -> str:
    file.seek(0)
    return file.read().decode(errors="replace")


def complaint(said: str) -> str:
    """git's or DVC's own error line: advice follows it, and advertisements. The last line where neither has one."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return next((line for line in lines if line.startswith(("ERROR", "error:", "fatal:"))), lines[-1] if lines else "")


def commit() -> str | None:
    """The commit of this code, short, with a + if stages/ has uncommitted changes; None outside of a git repository."""
    git = "git", "-C", str(STAGES)
    with suppress(BadInput, OSError):
        found = call(*git, "rev-parse", "--short=8", "HEAD").strip()
        return found + (DIRTY if call(*git, "status", "--porcelain", "--", ".") else "")
    return None
