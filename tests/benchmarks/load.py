"""The speed of training beside busy processes, by how long its threads spin while they wait for each other.

data/samples/full/train.parquet  ->  reports/load.md

    way                  alone  beside one  beside two
    GOMP_SPINCOUNT=1000  2,000  950         610
"""

import argparse
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pandas as pd
import torch

import stages
from stages.common import params, tables
from stages.common.command import one_line
from stages.common.messages import BadInput
from stages.network import machine, tokens
from stages.network.learner import Learner
from tests.benchmarks import page
from tests.benchmarks.measure import one_pass

OURS = f"GOMP_SPINCOUNT={stages.SPINS}"
# libgomp's default is 300000, and OMP_WAIT_POLICY=PASSIVE is the same as 0.
TRIED = sorted({300_000, 100_000, 30_000, 10_000, 1_000, 0, stages.SPINS}, reverse=True)
WAYS = [*(f"GOMP_SPINCOUNT={spins}" for spins in TRIED), "OMP_NUM_THREADS=1"]
LOADS = {"alone": 0, "beside one": 1, "beside two": 2}  # busy processes
ROUNDS = 4  # timed rounds, after one warm-up pass per way
BATCHES = 6  # per pass, so that all passes together take minutes


def measure(table: Path) -> pd.DataFrame:
    """Rows per second by way and load: medians over rounds in which the ways take turns."""
    measured = {(way, load): [] for way in WAYS for load in LOADS}
    with ExitStack() as stack:
        trainings = {way: stack.enter_context(_training(way, table)) for way in WAYS}
        for way, training in trainings.items():
            _rate(way, training)  # warm-up
        for number in range(1, ROUNDS + 1):
            for load, others in LOADS.items():
                with ExitStack() as busy:
                    for _ in range(others):
                        busy.enter_context(_running([sys.executable, "-c", "while True: pass"]))
                    for way, training in trainings.items():
                        measured[way, load].append(_rate(way, training))
            print(f"load: round {number}/{ROUNDS}", file=sys.stderr)
    rates = pd.Series({key: statistics.median(timed) for key, timed in measured.items()})
    return rates.unstack().loc[WAYS, list(LOADS)]


@contextmanager
def _running(command: list[str], **options: object) -> Iterator[subprocess.Popen]:
    with subprocess.Popen(command, **options) as process:
        try:
            yield process
        finally:
            process.kill()


@contextmanager
def _training(way: str, table: Path) -> Iterator[subprocess.Popen]:
    name, _, value = way.partition("=")
    env = {key: text for key, text in os.environ.items() if not key.startswith(("OMP_", "GOMP_"))} | {name: value}
    command = [sys.executable, "-m", "tests.benchmarks.load", str(table)]
    with _running(command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process


def _rate(way: str, training: subprocess.Popen) -> float:
    training.stdin.write("\n")
    training.stdin.flush()
    answer = training.stdout.readline()
    if not answer:
        raise BadInput(f"{way}: the training ended with an error; its message is above")
    return float(answer)


def passes(path: Path) -> None:
    """Train full-lstm: for each line of standard input make a pass, and print its rows per second."""
    _, run = params.find(Path("params.yaml"), "runs", "full-lstm")
    table = tables.read_table(path).slice(0, BATCHES * run.batch_size)
    rows, learner = tokens.encode_table(table), Learner(run, len(table), torch.device("cpu"))
    for _ in sys.stdin:
        print(len(table) / one_pass(learner, run, rows), flush=True)


def report(rates: pd.DataFrame) -> str:
    """The table, as Markdown."""
    table = [(f"{way} (ours)" if way == OURS else way, *(f"{rate:,.0f}" for rate in rates.loc[way])) for way in WAYS]
    parts = [
        "# Training beside busy processes",
        f"{page.hardware()}. Rows per second of `full-lstm`, the median of {ROUNDS} passes of {BATCHES} batches. Each "
        "way is a process of its own; they took turns, alone and beside one and two busy Python loops.",
        page.markdown(table, ["way", *rates.columns]),
        "*GOMP_SPINCOUNT*: how often a thread of libgomp, PyTorch's OpenMP on Linux, looks whether the others are done "
        "before it sleeps. libgomp's default is 300000; 0 is the same as `OMP_WAIT_POLICY=PASSIVE`.",
    ]
    return "\n\n".join(parts) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the speed of training beside busy processes.")
    parser.add_argument("table", type=Path, help="Parquet file to read: training rows")
    parser.add_argument("page", type=Path, nargs="?", help="Markdown file to write; without it: see `passes`")
    args = parser.parse_args()

    machine.device()  # sets the threads to all cores
    if not args.page:
        passes(args.table)
        return
    with tables.atomic(args.page) as [draft]:
        text = report(measure(args.table))
        tables.write_text(draft, text)
    print(text)


if __name__ == "__main__":
    with one_line("load"):
        main()
