"""Checkpoints: each training has a file that only an identical training finds, on the same processor.

.resume/full-lstm-3f0c9a51d2e4b687-5ad01c7e.pt  ->  {'model': …, 'history': [{'epoch': 1, …}], 'step': 40, …}

It is no output of DVC, which removes a stage's outputs before it runs. A resumed training writes what an uninterrupted
one would have written. When a training ends, its file becomes full-lstm-3f0c9a51d2e4b687-5ad01c7e.25.done: with a
constant learning rate, a training for more than 25 epochs resumes from it. Each run has one such file.
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
from stages.network import machine

CODE = "common", "arithmetic", "network", "train.py"  # the rooms that a training depends on
EVERY = 120.0  # seconds between checkpoints in a long epoch; each epoch ends with one anyway
DIGEST = hashlib.sha256().digest_size  # bytes of the checksum, which comes before the content


def fingerprint(run: params.Run, operands: int, tables: Iterable[Path], beginning: bool = False) -> str:
    """SHA-256 of what determines a training, or its `beginning`: settings, tables, code and PyTorch version.

    Trainings that differ only in their number of epochs begin alike if the learning rate is constant.
    """
    settings = asdict(run)
    if beginning and run.schedule == "constant":
        del settings["epochs"]
    code = [content for path, content in SOURCE.items() if path.relative_to(STAGES).parts[0] in CODE]
    digest = hashlib.sha256(json.dumps([settings, operands, torch.__version__], sort_keys=True).encode())
    for content in [*(path.read_bytes() for path in tables), *code]:
        digest.update(hashlib.sha256(content).digest())
    return digest.hexdigest()


class Checkpoint:
    """The checkpoint file of one training for so many epochs; `beginning` is its fingerprint."""

    def __init__(self, folder: Path, name: str, beginning: str, epochs: int):
        self.folder, self.epochs = _shared_by_experiments(folder), epochs
        place = hashlib.sha256(json.dumps(machine.described()).encode()).hexdigest()
        self.training, self.place = f"{name}-{beginning[:16]}", place[:8]
        self.path = self.folder / f"{self.training}-{self.place}.pt"
        self.ended = f"{name}-{'[0-9a-f]' * 16}-{'[0-9a-f]' * 8}.*.done"
        self.saved = time.monotonic()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Wait for any other process running the same training. If the block ends without an error, so has this one."""
        self.folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self.path.with_suffix(".lock"))
        try:
            lock.acquire(timeout=1)
        except Timeout:
            print(f"train: {self.path.stem} is being trained by another process; waiting for it", file=sys.stderr)
            lock.acquire()
        try:
            yield
            if self.path.exists():
                done = self.path.with_suffix(f".{self.epochs}.done")
                os.replace(self.path, done)
                for older in {*self.folder.glob(self.ended)} - {done}:
                    older.unlink(missing_ok=True)
        finally:
            lock.release()

    def load(self) -> dict[str, Any] | None:
        """The last saved state of this training, or of a shorter one, on the CPU; None if no file has one."""
        ended = self.folder.glob(f"{self.path.stem}.*.done")
        for path in [self.path, *(path for path in ended if int(path.name.split(".")[1]) < self.epochs)]:
            state = self._read(path)
            # A file of a longer training may be too far
            if state and (len(state["history"]), state["step"]) <= (self.epochs, 0):
                return state
        for path in {*self.folder.glob(f"{self.training}-*.pt")} - {self.path}:
            why = "another processor or device, or with other threads, ranks or PyTorch"
            print(f"train: {path} is not resumed: it was made on {why}", file=sys.stderr)
        return None

    def _read(self, path: Path) -> dict[str, Any] | None:
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            return None
        if hashlib.sha256(content[DIGEST:]).digest() != content[:DIGEST]:
            print(f"train: {path}: cut short or damaged, so the training starts again", file=sys.stderr)
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
