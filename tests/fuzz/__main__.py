"""Thousands of damaged inputs, each refused in one line or accepted with values that another reader confirms.

python -m tests.fuzz reports/fuzz.md  ->  a page with one row per kind; exit status 1 if an input failed
"""

import argparse
import signal
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path

from stages import files
from stages.command import one_line
from tests.fuzz.kinds import KINDS, SEED, run
from tests.fuzz.page import page
from tests.fuzz.trial import Outcome

PART = 250  # inputs per task of a worker
WORKERS = 2


def main() -> None:
    parser = argparse.ArgumentParser(
        description="Give damaged inputs to the readers; check that each is refused or read correctly."
    )
    parser.add_argument("page", type=Path, help="Markdown file to write")
    args = parser.parse_args()

    outcomes = _all()
    with files.atomic(args.page) as [draft]:
        files.write_text(draft, page(outcomes, SEED))
    sys.exit(any(one.problem for found in outcomes.values() for one in found))


def _all() -> dict[str, list[Outcome]]:
    """The outcomes of all inputs, by kind. Raises SystemExit if an input crashes its process."""
    outcomes, started = {kind: [] for kind in KINDS}, time.monotonic()
    # Spawned, not forked: a fork lacks PyTorch's and PyArrow's threads. Only this process handles Ctrl-C
    ignored = signal.SIGINT, signal.SIG_IGN
    pool = ProcessPoolExecutor(WORKERS, get_context("spawn"), signal.signal, ignored)
    try:
        parts = [
            (kind, pool.submit(run, kind, start, min(start + PART, count)))
            for kind, (_, count) in KINDS.items()
            for start in range(0, count, PART)
        ]
        for kind, part in parts:
            outcomes[kind] += part.result()
            _report(kind, outcomes[kind], time.monotonic() - started)
    except BrokenProcessPool:
        sys.exit(f"fuzz: {kind}: an input crashed its process; look at inputs from number {len(outcomes[kind]):,} on")
    finally:
        pool.shutdown(cancel_futures=True)
    return outcomes


def _report(kind: str, found: list[Outcome], seconds: float) -> None:
    failed = [one for one in found[-PART:] if one.problem]
    print(f"{seconds:4.0f} s {kind}: {len(found):,} of {KINDS[kind][1]:,}, {len(failed)} failed", file=sys.stderr)
    for one in failed[:5]:
        print(f"       {one.how}: {one.problem[:200]!a}", file=sys.stderr)


if __name__ == "__main__":
    with one_line("fuzz"):
        main()
