"""Training time and memory by the number of rows and by the hidden size, on the CPU.

data/corpus.parquet  ->  reports/growth.csv, reports/growth.svg

    rows   hidden  seconds_per_epoch  rows_per_second  useful_gflops  peak_memory_mib  measured_rows
    20000  256     8.1                2469             213            420              20000

Of an epoch that would take too long, only `measured_rows` rows are timed. Memory is that of the whole process, PyTorch
included.
"""

import argparse
import resource
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import pandas as pd
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator

from stages.common import params, tables
from stages.common.command import one_line
from stages.network import machine
from stages.network.learner import Learner
from stages.network.tokens import Rows
from stages.page import style
from tests.benchmarks.measure import drawn, one_pass, useful_flop

ROWS = (20_000, 40_000, 80_000, 160_000, 320_000)
HIDDEN = (128, 256, 512, 1024)
BASE = (ROWS[0], 256)  # rows and hidden size of the point in both series
POINTS = [(rows, BASE[1]) for rows in ROWS] + [(BASE[0], hidden) for hidden in HIDDEN if hidden != BASE[1]]
WARM_UP = 4  # batches, which also give an estimate of the time per epoch
LONGEST = 60.0  # seconds to measure per epoch
MIB = 2**20 if sys.platform == "darwin" else 2**10  # units of ru_maxrss per MiB: macOS counts bytes, Linux KiB


def point(run: params.Run, rows: Rows) -> dict[str, float]:
    """One row of the table. Each row needs its own process, because the peak memory is that of the process."""
    machine.device(threads=1)  # as `train`
    learner = Learner(run, len(rows[0]), torch.device("cpu"))
    warm_up, whole = WARM_UP * run.batch_size, len(rows[0])
    rate = warm_up / one_pass(learner, run, tuple(ids[:warm_up] for ids in rows))
    batches = max(1, round(LONGEST * rate / run.batch_size))
    measured = min(whole, batches * run.batch_size)
    rate = measured / one_pass(learner, run, tuple(ids[:measured] for ids in rows))
    return {
        "rows": whole,
        "hidden": run.hidden_dim,
        "seconds_per_epoch": round(whole / rate, 2),
        "rows_per_second": round(rate),
        "useful_gflops": round(rate * useful_flop(run, *rows) / 1e9, 1),
        "peak_memory_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MIB),
        "measured_rows": measured,
    }


def measure(run: params.Run, rows: Rows) -> pd.DataFrame:
    """The table: the run trained on the first rows, with the hidden size, of each of POINTS."""
    runs = [replace(run, hidden_dim=hidden, embed_dim=hidden) for _, hidden in POINTS]
    parts = [tuple(ids[:number] for ids in rows) for number, _ in POINTS]
    measured = []
    # By a fork server: a child of this large process would start with this process' memory as its peak
    with ProcessPoolExecutor(1, get_context("forkserver"), max_tasks_per_child=1) as pool:
        for row in pool.map(point, runs, parts):
            measured.append(row)
            seconds = f"{row['seconds_per_epoch']:.1f} seconds an epoch"
            print(f"growth: {row['rows']:,} rows, hidden {row['hidden']}: {seconds}", file=sys.stderr)
    return pd.DataFrame(measured)


def drawing(table: pd.DataFrame) -> Figure:
    """Seconds by rows and by hidden size, each with the expected growth, and memory."""
    # An opaque background: the file is shown on its own
    figure = Figure(figsize=(11, 3.4), layout="constrained", facecolor="white")
    by_rows, by_hidden, memory = figure.subplots(1, 3)
    rows = table[table["hidden"] == BASE[1]]
    hidden = table[table["rows"] == BASE[0]].sort_values("hidden")
    _seconds(by_rows, rows, "rows", power=1, expected="as the rows")
    _seconds(by_hidden, hidden, "hidden", power=2, expected="as hidden squared")
    by_rows.set_title(f"seconds an epoch, hidden {BASE[1]}", fontsize=10, loc="left")
    by_hidden.set_title(f"seconds an epoch, {BASE[0]:,} rows", fontsize=10, loc="left")
    for points, form, colour in ((hidden, "o-", style.COLOURS[0]), (rows.iloc[1:], "x", style.COLOURS[1])):
        label = " to ".join(f"{count:,}" for count in points["rows"].iloc[[0, -1]].unique()) + " rows"
        memory.plot(points["hidden"], points["peak_memory_mib"], form, color=colour, label=label)
    _ticks(memory, "hidden", hidden["hidden"])
    memory.set_ylim(bottom=0)
    memory.set_title("peak memory, MiB", fontsize=10, loc="left")
    return figure


def _seconds(axes: Axes, points: pd.DataFrame, column: str, power: int, expected: str) -> None:
    """Draw the measured seconds, and a line of growth with this power through the first point."""
    x, y = points[column], points["seconds_per_epoch"]
    axes.plot(x, y.iloc[0] * (x / x.iloc[0]) ** power, "--", color="grey", linewidth=1, label=expected)
    axes.plot(x, y, "o-", color=style.COLOURS[0], label="measured")
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_locator(NullLocator())
    _ticks(axes, column, x)


def _ticks(axes: Axes, label: str, places: pd.Series) -> None:
    axes.set_xscale("log")
    axes.set_xticks(places, [f"{place:,}" for place in places])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel(label)
    axes.legend()


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure how time and memory grow with the rows and the hidden size.")
    parser.add_argument("corpus", type=Path, help="Parquet file to read")
    parser.add_argument("table", type=Path, help="CSV file to write")
    parser.add_argument("figure", type=Path, help="SVG file to write")
    args = parser.parse_args()

    config = params.read(Path("params.yaml"))
    run = replace(next(iter(config.runs.values())), cell="lstm", dataset="full")
    with tables.atomic(args.table, args.figure) as [table, figure]:
        measured = measure(run, drawn(args.corpus, max(ROWS), config.sample_seed))
        tables.write_text(table, measured.to_csv(index=False))
        tables.write_text(figure, style.svg(drawing(measured)))
    print(measured.to_string(index=False))


if __name__ == "__main__":
    with one_line("growth"):
        main()
