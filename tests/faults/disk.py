"""A full disk and a read-only one under each folder that a training writes to, in a mount namespace of our own.

rows(base, reference)  ->  Row('`.resume` is on a disk that gets full', printed='train: …', …), …
"""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from tests.faults.lab import RUN, Lab, Unexpected, said
from tests.faults.page import Row

FOLDERS = ".resume", "data/models", "reports"
NAMESPACE = ["unshare", "--user", "--map-root-user", "--mount"]
RESULTS = f"data/models/{RUN}.pt", f"reports/timing/{RUN}.json"  # which DVC removes before it runs `train`


class Refused(Exception):
    """This machine lets nobody mount; the message is the machine's."""


def rows(base: Lab, reference: dict[str, str]) -> Iterator[Row]:
    for folder in FOLDERS:
        row = Row(f"`{folder}` is on a disk that gets full after the first epoch")
        with _inside(row, base) as lab:
            _full(row, lab, folder)
            _recovered(row, lab, base, reference)
        yield row
    for folder in FOLDERS:
        row = Row(f"`{folder}` is read-only")
        with _inside(row, base) as lab:
            _read_only(row, lab, folder)
            _recovered(row, lab, base, reference)
        yield row


@contextmanager
def _inside(row: Row, base: Lab) -> Iterator[Lab]:
    """A copy with another lr, whose commands see mounts that nobody else sees."""
    with row.filled(), base.copied() as lab:
        lab.change_lr()
        holder = subprocess.Popen(
            [*NAMESPACE, "sh", "-c", "echo; exec sleep infinity"],
            **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True},
        )
        try:
            if not holder.stdout.readline():
                raise Refused(holder.stderr.read().strip())
            enter = "nsenter", "--target", str(holder.pid), "--user", "--mount", "--preserve-credentials"
            # The folder is looked up anew, inside, or its mounts would not be seen.
            there = "sh", "-c", 'cd "$0" && exec "$@"', str(lab.root)
            yield replace(lab, root=Path(f"/proc/{holder.pid}/root{lab.root}"), prefix=(*enter, *there))
        except Refused as refused:
            row.not_tried = f"not tried: {refused}"
        finally:
            holder.kill()
            holder.wait()


def _mount(lab: Lab, *arguments: str) -> None:
    try:
        lab.run("mount", *arguments)
    except Unexpected as refused:
        raise Refused(str(refused)) from refused
