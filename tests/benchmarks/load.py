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

import stages
from stages.common import tables
from stages.common.command import one_line
from stages.common.messages import BadInput
from stages.network import machine
from tests.benchmarks import page, passes

OURS = f"GOMP_SPINCOUNT={stages.SPINS}"
# libgomp's default is 300000, and OMP_WAIT_POLICY=PASSIVE is the same as 0.
TRIED = sorted({300_000, 100_000, 30_000, 10_000, 1_000, 0, stages.SPINS}, reverse=True)
WAYS = [*(f"GOMP_SPINCOUNT={spins}" for spins in TRIED), "OMP_NUM_THREADS=1"]
LOADS = {"alone": 0, "beside one": 1, "beside two": 2}  # busy processes
ROUNDS = 4  # timed rounds, after one warm-up pass per way
ALONE = 0.97  # of the fastest way
BESIDE = 0.8  # of a fair share of the cores


def measure(table: Path) -> pd.DataFrame:
    """Rows per second by way and load: medians over rounds in which the ways take turns."""
    found = {(way, load): [] for way in WAYS for load in LOADS}
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
                        found[way, load].append(_rate(way, training))
            print(f"load: round {number}/{ROUNDS}", file=sys.stderr)
    rates = pd.Series({key: statistics.median(timed) for key, timed in found.items()})
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
    command = [sys.executable, "-m", passes.__name__, str(table)]
    with _running(command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process


def _rate(way: str, training: subprocess.Popen) -> float:
    training.stdin.write("\n")
    training.stdin.flush()
    answer = training.stdout.readline()
    if not answer:
        raise BadInput(f"{way}: the training ended with an error; its message is above")
    return float(answer)


def goals(rates: pd.DataFrame, way: str, cores: int) -> dict[str, float]:
    """The rows per second that a way should reach under each load; beside n processes, a part of its rate alone."""
    share = {load: cores / (cores + others) for load, others in LOADS.items() if others}
    alone = rates.loc[way, "alone"]
    return {"alone": ALONE * rates["alone"].max()} | {load: BESIDE * alone * part for load, part in share.items()}


def choice(rates: pd.DataFrame, cores: int) -> tuple[str, float]:
    """The way nearest to its goals, and its worst share of a goal: the largest of all ways."""
    worst = pd.Series({way: (rates.loc[way] / pd.Series(goals(rates, way, cores))).min() for way in rates.index})
    return worst.idxmax(), worst.max()


def report(rates: pd.DataFrame, cores: int) -> str:
    """The table and what follows from it, as Markdown."""
    table = [(f"{way} (ours)" if way == OURS else way, *(f"{rate:,.0f}" for rate in rates.loc[way])) for way in WAYS]
    found = [
        (load, f"{goal:,.0f}", f"{rates.loc[OURS, load]:,.0f}", "yes" if rates.loc[OURS, load] >= goal else "no")
        for load, goal in goals(rates, OURS, cores).items()
    ]
    parts = [
        "# Training beside busy processes",
        f"{page.hardware()}. Rows per second of `full-lstm`, the median of {ROUNDS} passes of {passes.BATCHES} "
        "batches. Each way is a process of its own; they took turns, alone and beside one and two busy Python loops.",
        page.markdown(table, ["way", *rates.columns]),
        "*GOMP_SPINCOUNT*: how often a thread of libgomp, PyTorch's OpenMP on Linux, looks whether the others are done "
        "before it sleeps. libgomp's default is 300000; 0 is the same as `OMP_WAIT_POLICY=PASSIVE`.",
        f"Goals: alone {ALONE} of the fastest way; beside n processes {BESIDE} of a fair share, which on {cores} cores "
        f"is {cores}/({cores} + n) of the rate alone.",
        page.markdown(found, ["load", "goal", "ours", "met"]),
        "Nearest to its goals is {}: at least {:.2f} of each.".format(*choice(rates, cores)),
    ]
    return "\n\n".join(parts) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the speed of training beside busy processes.")
    parser.add_argument("table", type=Path, help="Parquet file to read: training rows")
    parser.add_argument("page", type=Path, help="Markdown file to write")
    args = parser.parse_args()

    machine.device()  # sets the threads to all cores, as in the trainings; the page shows the number
    with tables.atomic(args.page) as [draft]:
        text = report(measure(args.table), machine.cores())
        tables.write_text(draft, text)
    print(text)


if __name__ == "__main__":
    with one_line("load"):
        main()
