"""Thousands of damaged inputs, each refused in one line or accepted with values that another reader confirms.

python -m tests.fuzz reports/fuzz.md  ->  a page with a row a kind; exit status 1 if an input failed
"""

import argparse
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

PART = 250  # inputs that a worker tries at a time
WORKERS = 2


def main() -> None:
    parser = argparse.ArgumentParser(description="Give the readers damaged inputs; see what they make of them.")
    parser.add_argument("page", type=Path, help="Markdown file to write")
    args = parser.parse_args()

    # Not forked: PyTorch's and PyArrow's threads would be missing in the copy
    with ProcessPoolExecutor(WORKERS, get_context("spawn")) as pool:
        parts = [
            (kind, pool.submit(run, kind, start, min(start + PART, count)))
            for kind, (_, count) in KINDS.items()
            for start in range(0, count, PART)
        ]
        started, outcomes = time.monotonic(), {kind: [] for kind in KINDS}
        for kind, part in parts:
            try:
                outcomes[kind] += part.result()
            except BrokenProcessPool:
                sys.exit(f"fuzz: an input crashed its process; first suspects: {kind} from {len(outcomes[kind]):,} on")
            _tell(kind, outcomes[kind], time.monotonic() - started)
    with files.whole(args.page) as [draft]:
        files.write_text(draft, page(outcomes, SEED))
    sys.exit(any(one.problem for found in outcomes.values() for one in found))


def _tell(kind: str, found: list[Outcome], seconds: float) -> None:
    failed = [one for one in found[-PART:] if one.problem]
    print(f"{seconds:4.0f} s {kind}: {len(found):,} of {KINDS[kind][1]:,}, {len(failed)} failed", file=sys.stderr)
    for one in failed[:5]:
        print(f"       {one.made}: {one.problem[:200]!a}", file=sys.stderr)


if __name__ == "__main__":
    with one_line("fuzz"):
        main()
