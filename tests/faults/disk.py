"""A full and a read-only disk under each folder that a training writes to, in a mount namespace.

rows(base, reference)  ->  Row('`.resume`: read-only', printed='train: …', …), …
"""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace

from tests.faults.lab import RUN, TIMING, Lab
from tests.faults.page import Row
from tests.faults.running import Refused, Running, Unexpected

FOLDERS = ".resume", "data/models", "reports"
NAMESPACE = ["unshare", "--user", "--map-root-user", "--mount"]
SMALL = (
    'mkdir -p "$0" && cp -a "$0" "$0.aside" && mount -t tmpfs -o size=16m tmpfs "$0" '
    '&& cp -a "$0.aside/." "$0" && rm -r "$0.aside"'
)
LOCKED = 'mkdir -p "$0" && mount --bind "$0" "$0" && mount -o remount,bind,ro "$0"'
AFTERWARDS = ("git", "checkout", "HEAD", "dvc.lock", "reports"), ("dvc", "checkout"), ("dvc", "repro")
RESULTS = f"data/models/{RUN}.safetensors", TIMING
# The folder, the missing outputs, and who reports the error: DVC itself, if it cannot remove old outputs before `train`
READ_ONLY = {
    "`.resume`: read-only": (".resume", (), "train: "),
    "`data/models`: read-only": ("data/models", RESULTS, "train: "),
    "`reports`: read-only": ("reports", RESULTS, "train: "),
    "`data/models`: read-only, with the earlier model in it": ("data/models", (), "ERROR: "),
    "`reports`: read-only, with the earlier ones in it": ("reports", (), "ERROR: "),
}


def rows(base: Lab, reference: dict[str, str]) -> Iterator[Row]:
    for folder in FOLDERS:
        row = Row(f"`{folder}`: its disk gets full after the first epoch")
        with row.filled(), _inside(base) as lab:
            _mount(lab, folder, SMALL)
            row.moment, text = _filled_up(lab, folder)
            _judged(row, lab, text, "train: ")
            lab.path(f"{folder}/filler").unlink()
            _recovered(row, lab, base, reference)
        yield row
    for title, (folder, absent, start) in READ_ONLY.items():
        row = Row(title)
        with row.filled(), _inside(base) as lab:
            for name in absent:
                lab.path(name).unlink()
            _mount(lab, folder, LOCKED)
            _judged(row, lab, _failing(lab.start("dvc", "repro")), start)
            lab.run("umount", folder)
            _recovered(row, lab, base, reference)
        yield row


@contextmanager
def _inside(base: Lab) -> Iterator[Lab]:
    """A copy with another lr, whose commands run in a mount namespace of their own."""
    with base.copied() as lab, _namespace() as pid:
        lab.change_lr()
        enter = "nsenter", "--target", str(pid), "--user", "--mount", "--preserve-credentials"
        # cd again inside the namespace, or its mounts would not be visible
        there = "sh", "-c", 'cd "$0" && exec "$@"', str(lab.root)
        yield replace(lab, view=f"/proc/{pid}/root", prefix=(*enter, *there))


@contextmanager
def _namespace() -> Iterator[int]:
    """The process that keeps the namespace alive."""
    command = [*NAMESPACE, "sh", "-c", "echo; exec sleep infinity"]
    try:
        holder = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    except FileNotFoundError as error:
        raise Refused(str(error)) from error
    with holder:
        try:
            if not holder.stdout.readline():
                raise Refused(holder.stderr.read())
            yield holder.pid
        finally:
            holder.kill()


def _mount(lab: Lab, folder: str, script: str) -> None:
    running = lab.start("sh", "-c", script, folder)
    if running.end():
        raise Refused(running.text())


def _filled_up(lab: Lab, folder: str) -> tuple[float, str]:
    """The time when the disk was filled during a run, and what that run printed."""
    running = lab.start("dvc", "repro")
    lab.wait_for_epochs(1)
    with suppress(OSError), lab.path(f"{folder}/filler").open("wb", buffering=0) as file:
        while True:
            file.write(bytes(1 << 16))
    return running.seconds(), _failing(running)


def _failing(running: Running) -> str:
    if not running.end():
        raise Unexpected("exit status 0")
    return running.text()


def _judged(row: Row, lab: Lab, text: str, start: str) -> None:
    """Expect exactly one line that begins with `start`. (DVC adds an ERROR line after every failed stage.)"""
    lines = [line for line in text.splitlines() if line.startswith(start)]
    row.printed = " ".join(lines)
    row.expect(len(lines) == 1, f"{len(lines)} lines that begin with {start}")
    row.expect("Traceback" not in text, "a traceback")
    row.kept = lab.kept()


def _recovered(row: Row, lab: Lab, base: Lab, reference: dict[str, str]) -> None:
    """With the disk repaired: restore the earlier results, then resume the training."""
    row.then = ", ".join(f"`{' '.join(command)}`" for command in AFTERWARDS)
    for command in AFTERWARDS[:-1]:
        lab.run(*command)
    row.expect(lab.hashes() == base.hashes(), "the earlier results are not back")
    row.ended(lab.run(*AFTERWARDS[-1]), lab, reference, row.kept)
