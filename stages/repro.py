"""Run the pipeline as `dvc repro` does, with as many trainings at once as there are cores; `make repro` calls it.

stale: full-lstm, single_digit-gru  ->  `dvc repro train@full-lstm evaluate@full-lstm` beside the other run's
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterable
from concurrent.futures import as_completed
from pathlib import Path

import joblib
import pyarrow.compute as pc

from stages.common import params, tables
from stages.common.command import one_line
from stages.common.messages import BadInput
from stages.studies.jobs import Jobs

# DVC waits for its lock, which another DVC holds only while it looks for what is stale
DVC = "dvc", "--wait-for-lock"


def longest_first(names: Iterable[str], config: params.Params, samples: Path) -> list[str]:
    """The names of runs, by the characters that a training reads: those of its rows' expressions, times its epochs."""

    def characters(name: str) -> int:
        run = config.runs[name]
        rows = tables.read_table(samples / run.dataset / "train.parquet")
        return pc.sum(pc.utf8_length(rows["src"])).as_py() * run.epochs

    return sorted(names, key=characters, reverse=True)


def dvc(*words: str, stdout: int | None = None) -> str:
    """What a DVC command prints to `stdout`; ends this process if it fails, which DVC has explained."""
    done = subprocess.run([*DVC, *words], stdout=stdout, text=True)
    if done.returncode:
        sys.exit(done.returncode)
    return done.stdout


def stale() -> set[str]:
    """The names of the runs whose training or evaluation DVC would run again."""
    status = json.loads(dvc("status", "--json", "train", "evaluate", stdout=subprocess.PIPE))
    return {stage.partition("@")[2] for stage in status}


def side_by_side(names: list[str], jobs: int) -> None:
    """Train and evaluate these runs, at most so many at once; raises BadInput naming the first one that failed."""
    said: dict[str, str] = {}

    def run(name: str) -> None:
        def show(line: str) -> None:
            print(line, flush=True)
            if line and not line.startswith("ERROR"):  # of DVC, after the line that tells why
                said[name] = line

        pool.run([*DVC, "repro", "--single-item", f"train@{name}", f"evaluate@{name}"], show)

    failed = []
    with Jobs(jobs, os.environ) as pool:
        waiting = {pool.pool.submit(run, name): name for name in names}
        for ended in as_completed(waiting):
            try:
                ended.result()
            except BadInput:
                failed.append(waiting[ended])
    if failed:
        why = said.get(failed[0], "no output")
        raise BadInput(f"{len(failed)} of {len(names)} runs failed, first {failed[0]}: {why}")


def main() -> None:
    parser = argparse.ArgumentParser(description="Run what is out of date, several trainings at once.")
    parser.add_argument("params", type=Path)
    parser.add_argument("samples", type=Path, help="folder of the samples; the largest one is trained on first")
    parser.add_argument("--jobs", type=int, default=joblib.cpu_count(), help="trainings at once (default: cores)")
    args = parser.parse_args()
    if args.jobs < 1:
        parser.error(f"--jobs: must be at least 1 (found {args.jobs})")

    dvc("repro", "sample")
    names = stale()
    if args.jobs > 1 and len(names) > 1:
        print(f"repro: {len(names)} trainings, {args.jobs} at a time", file=sys.stderr)
        side_by_side(longest_first(names, params.read(args.params), args.samples), args.jobs)
    dvc("repro")


if __name__ == "__main__":
    with one_line("repro"):
        main()
