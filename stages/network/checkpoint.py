"""How far an interrupted training had come, in a file of its own that only the very same training finds.

.resume/full-lstm-3f0c9a51d2e4b687.pt  ->  {'model': …, 'optimiser': …, 'history': [{'epoch': 1, …}], 'step': 40, …}

DVC removes a stage's outputs before it runs, so the file is none of them, and nothing in it reaches a result that an
uninterrupted training would not have reached.
"""

import hashlib
import io
import json
import os
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from filelock import FileLock, Timeout

from stages import files, sources

EVERY = 120.0  # seconds between two of them inside a long epoch; the end of an epoch has one anyway
DIGEST = hashlib.sha256().digest_size  # bytes in front of the content, which tell a whole file from a broken one


def fingerprint(settings: Any, tables: Iterable[Path]) -> str:
    """SHA-256 of all that decides how a training goes: its settings, its tables' bytes, this code and PyTorch."""
    digest = hashlib.sha256(json.dumps([settings, torch.__version__], sort_keys=True).encode())
    for path in [*tables, *sorted(sources.code("train"))]:
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


class Checkpoint:
    """The file of one training; raises OSError like any file."""

    def __init__(self, folder: Path, name: str, fingerprint: str):
        self.path = _shared_by_experiments(folder) / f"{name}-{fingerprint[:16]}.pt"
        self.saved = time.monotonic()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Wait until no other process is at this very training; the file goes when the block ends without an error."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self.path.with_suffix(".lock"))
        try:
            lock.acquire(timeout=1)
        except Timeout:
            print(f"train: {self.path.stem} is being trained by another process; waiting for it", file=sys.stderr)
            lock.acquire()
        try:
            yield
            self.forget()
        finally:
            # Remove the file while it is locked: after the release the next process may hold it. A waiting process
            # that still has the removed file open does not accept it as its lock (FileLock checks) and makes a new one.
            # Windows cannot remove an open file; there FileLock itself removes it after the release.
            if sys.platform != "win32":
                Path(lock.lock_file).unlink(missing_ok=True)
            lock.release()

    def load(self) -> dict[str, Any] | None:
        """What `save` was given last, on the CPU; None where there is nothing, or with a line where it is broken."""
        try:
            content = self.path.read_bytes()
        except FileNotFoundError:
            return None
        if hashlib.sha256(content[DIGEST:]).digest() != content[:DIGEST]:
            print(f"train: {self.path}: cut short or damaged, so the training starts again", file=sys.stderr)
            return None
        return torch.load(io.BytesIO(content[DIGEST:]), map_location="cpu", weights_only=True)

    def save(self, state: dict[str, Any]) -> None:
        """Put the state in the earlier one's place, which stays if this fails."""
        memory = io.BytesIO()
        torch.save(state, memory)
        content = memory.getvalue()
        with files.atomic(self.path) as [draft], draft.open("wb") as file:
            file.write(hashlib.sha256(content).digest() + content)
            file.flush()
            os.fsync(file.fileno())  # a machine may crash too
        self.saved = time.monotonic()

    def forget(self) -> None:
        """Remove the file: the training is over."""
        self.path.unlink(missing_ok=True)

    def due(self) -> bool:
        """Whether the last one is so old that a long epoch should not wait for its end."""
        return time.monotonic() - self.saved > EVERY


def _shared_by_experiments(folder: Path) -> Path:
    """The folder in the repository itself, where DVC runs an experiment in a copy, .dvc/tmp/exps/…, that it deletes."""
    for parent in folder.resolve().parents:
        if parent.parts[-3:] == (".dvc", "tmp", "exps"):
            return parent.parents[2] / folder.name
    return folder
