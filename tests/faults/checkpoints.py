"""Damaged checkpoints, and checkpoints of another training.

rows(base, reference)  ->  Row('the checkpoint: cut in half', kept=5, …), …
"""

import os
import signal
from collections.abc import Callable, Iterator

from tests.faults.lab import Lab
from tests.faults.page import Row

DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "cut in half": lambda good: good[: len(good) // 2],
    "one bit of it flipped": lambda good: good[:9999] + bytes([good[9999] ^ 1]) + good[10000:],
    "empty": lambda good: b"",
}
CHANGES = {
    "another lr": ("params.yaml", "lr: 0.002", "lr: 0.003"),
    "other rows": ("params.yaml", "sample: 4000", "sample: 3900"),
    "other code, by a comment": ("stages/train.py", "import argparse\n", "import argparse  # changed\n"),
}


def rows(base: Lab, reference: dict[str, str]) -> Iterator[Row]:
    with base.copied() as interrupted:
        interrupted.change_lr()
        _interrupt(interrupted)
        for what, damage in DAMAGE.items():
            yield _damaged(what, damage, interrupted, reference)
        for what, change in CHANGES.items():
            yield _stale(what, change, base, interrupted)


def _interrupt(lab: Lab) -> None:
    running = lab.start("dvc", "repro")
    lab.wait_for_epochs(5)
    os.kill(lab.victim("stages.train"), signal.SIGKILL)
    running.end()


def _damaged(what: str, damage: Callable[[bytes], bytes], interrupted: Lab, reference: dict[str, str]) -> Row:
    row = Row(f"the checkpoint: {what}", kept=interrupted.kept(), then="`dvc repro`")
    with row.filled(), interrupted.copied() as lab:
        path = lab.checkpoints()[0]
        path.write_bytes(damage(path.read_bytes()))
        text = lab.run("dvc", "repro")
        lines = [line for line in text.splitlines() if line.startswith("train: ")]
        row.printed = " ".join(lines)
        row.expect(len(lines) == 1 and "cut short or damaged" in row.printed, "not exactly one clear line")
        row.ended(text, lab, reference, 0)
    return row


def _stale(what: str, change: tuple[str, str, str], base: Lab, interrupted: Lab) -> Row:
    """The reference is a training with the same change and no checkpoint."""
    row = Row(f"a checkpoint is there, then {what}", kept=interrupted.kept(), then="`dvc repro`")
    with row.filled():
        with base.copied() as fresh:
            fresh.change_lr()
            fresh.edit(*change)
            fresh.run("dvc", "repro")
            expected = fresh.hashes()
        with interrupted.copied() as lab:
            lab.edit(*change)
            row.ended(lab.run("dvc", "repro"), lab, expected, 0)
    return row
