"""Real faults in a small copy of the project: kills, damaged checkpoints, full disks, edits, and what follows.

python -m tests.faults reports/faults.md  ->  a page with one row per fault; exit status 1 if a fault failed
"""

import argparse
import json
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from stages import files
from stages.command import one_line
from tests.faults import checkpoints, disk, edits, kills
from tests.faults.lab import TIMING, Lab
from tests.faults.page import Row, page
from tests.faults.running import Unexpected


def main() -> None:
    parser = argparse.ArgumentParser(
        description="Kill processes, damage checkpoints, fill disks; check that the results are byte-identical."
    )
    parser.add_argument("page", type=Path, help="Markdown file to write")
    args = parser.parse_args()

    # A shell ignores SIGINT in background commands, and every child would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with tempfile.TemporaryDirectory(prefix="faults-", ignore_cleanup_errors=True) as folder:
        try:
            base = Lab.create(Path(folder).resolve())
            reference, seconds, pace = _undisturbed(base)
            imports = _imports(base)
            rows = list(_printed(_all(base, reference, pace, imports)))
        except Unexpected as error:
            sys.exit(f"faults: {error}")
    with files.atomic(args.page) as [draft]:
        files.write_text(draft, page(rows, seconds, imports))
    sys.exit(any(row.problems for row in rows))


def _undisturbed(base: Lab) -> tuple[dict[str, str], float, float]:
    """The hashes that every fault must end with, the seconds of the whole pipeline, and the seconds per epoch."""
    with base.copied() as lab:
        lab.change_lr()
        started = time.monotonic()
        lab.run("dvc", "repro")
        seconds = time.monotonic() - started
        if lab.hashes() == base.hashes():
            raise Unexpected("another lr trains the same network")  # then no row would show anything
        return lab.hashes(), seconds, json.loads(lab.path(TIMING).read_text())["seconds_per_epoch"]


def _imports(base: Lab) -> float:
    """The seconds in which a trainer starts and imports PyTorch."""
    started = time.monotonic()
    base.run("python", "-m", "stages.train", "--help")
    return time.monotonic() - started


def _all(base: Lab, reference: dict[str, str], pace: float, imports: float) -> Iterator[Row]:
    yield from kills.rows(base, reference, pace, imports)
    yield from checkpoints.rows(base, reference)
    yield from disk.rows(base, reference)
    yield from edits.rows(base)


def _printed(rows: Iterator[Row]) -> Iterator[Row]:
    for number, row in enumerate(rows, start=1):
        print(f"{number:2} {row.fault}: {row.result()}", file=sys.stderr)
        yield row


if __name__ == "__main__":
    with one_line("faults"):
        main()
