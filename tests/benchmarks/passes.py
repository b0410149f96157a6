"""The process of one way in `load`: it makes a training pass for each line that it reads.

'\\n'  ->  1709.2 rows a second
"""

import argparse
import sys
from pathlib import Path

import torch

from stages.common import params, tables
from stages.common.command import one_line
from stages.network import machine, tokens
from stages.network.learner import Learner
from tests.benchmarks.measure import one_pass

BATCHES = 6  # per pass, so that all passes together take minutes


def main() -> None:
    parser = argparse.ArgumentParser(description="Train full-lstm: one pass for each line of standard input.")
    parser.add_argument("table", type=Path, help="Parquet file to read: training rows")
    args = parser.parse_args()

    machine.device()  # sets the threads to all cores
    _, run = params.find(Path("params.yaml"), "runs", "full-lstm")
    table = tables.read_table(args.table).slice(0, BATCHES * run.batch_size)
    rows = tokens.encode_table(table, args.table)
    learner = Learner(run, len(table), torch.device("cpu"))
    for _ in sys.stdin:
        print(len(table) / one_pass(learner, run, rows), flush=True)


if __name__ == "__main__":
    with one_line("passes"):
        main()
