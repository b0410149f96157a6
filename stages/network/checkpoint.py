"""Checkpoints: each unfinished training has a file that only an identical training finds.

.resume/full-lstm-3f0c9a51d2e4b687.pt  ->  {'model': …, 'optimisers': […], 'history': [{'epoch': 1, …}], 'step': 40, …}

It is no output of DVC, which removes a stage's outputs before it runs. A resumed training writes what an uninterrupted
one would have written.
"""

import hashlib
import io
import json
import os
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from filelock import FileLock, Timeout

from stages import SOURCE, STAGES
from stages.common import params
from stages.common.tables import atomic

CODE = "common", "arithmetic", "network", "train.py"  # the rooms that a training depends on
EVERY = 120.0  # seconds between checkpoints in a long epoch; each epoch ends with one anyway
DIGEST = hashlib.sha256().digest_size  # bytes of the checksum, which comes before the content


def fingerprint(run: params.Run, operands: int, tables: Iterable[Path]) -> str:
    """SHA-256 of all that determines a training: settings, tables, code and PyTorch version."""
    code = [content for path, content in SOURCE.items() if path.relative_to(STAGES).parts[0] in CODE]
    digest = hashlib.sha256(json.dumps([asdict(run), operands, torch.__version__], sort_keys=True).encode())
    for content in [*(path.read_bytes() for path in tables), *code]:
        digest.update(hashlib.sha256(content).digest())
    return digest.hexdigest()


class Checkpoint:
    """The checkpoint file of one training."""

    def __init__(self, folder: Path, name: str, fingerprint: str):
        self.path = _shared_by_experiments(folder) / f"{name}-{fingerprint[:16]}.pt"
        self.saved = time.monotonic()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Wait for any other process running the same training. Delete the file if the block ends without an error."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self.path.with_suffix(".lock"))
        try:
            lock.acquire(timeout=1)
        except Timeout:
            print(f"train: {self.path.stem} is being trained by another process; waiting for it", file=sys.stderr)
            lock.acquire()
        try:
            yield
            self.path.unlink(missing_ok=True)
        finally:
            lock.release()

    def load(self) -> dict[str, Any] | None:
        """The last saved state, on the CPU; None if there is none or it is damaged."""
        try:
            content = self.path.read_bytes()
        except FileNotFoundError:
            return None
        if hashlib.sha256(content[DIGEST:]).digest() != content[:DIGEST]:
            print(f"train: {self.path}: cut short or damaged, so the training starts again", file=sys.stderr)
            return None
        return torch.load(io.BytesIO(content[DIGEST:]), map_location="cpu", weights_only=True)

    def save(self, state: dict[str, Any]) -> None:
        """Replace the last saved state, which stays if this fails."""
        memory = io.BytesIO()
        torch.save(state, memory)
        content = memory.getvalue()
        with atomic(self.path) as [draft], draft.open("wb") as file:
            file.write(hashlib.sha256(content).digest() + content)
            file.flush()
            os.fsync(file.fileno())  # the machine may crash too
        self.saved = time.monotonic()

    def due(self) -> bool:
        """Whether it is time for another checkpoint."""
        return time.monotonic() - self.saved > EVERY


def _shared_by_experiments(folder: Path) -> Path:
    """The folder in the repository itself: DVC runs experiments in copies, .dvc/tmp/exps/…, and deletes them."""
    root, inside, _ = str(folder.resolve()).partition(f"{os.sep}.dvc{os.sep}tmp{os.sep}exps{os.sep}")
    return Path(root) / folder.name if inside else folder
