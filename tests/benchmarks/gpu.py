"""Training rows per second on a GPU, or on the CPU if there is none: ours and the usual loop, measured in turn.

data/samples/full/train.parquet  ->  gru, usual loop     15,561
                                     gru, ours, float32  21,802
"""

import argparse
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import median

import torch
from torch.utils.data import DataLoader

from stages.common import params, tables
from stages.common.command import one_line
from stages.network import machine, tokens
from stages.network.learner import Learner
from stages.network.tokens import Rows
from tests.benchmarks import page, usual
from tests.benchmarks.measure import one_pass, rounds

ROWS = 25_600
# The networks of the study `calculator` differ from the report's in these settings
RECIPE = {"cell": "gru", "decoder": "attention", "schedule": "one_cycle", "optimizer": "muon", "grad_clip": 1.0}


def loop(run: params.Run, rows: Rows, device: torch.device) -> Callable[[], float]:
    """A function that makes one pass of the usual loop over the rows, whose batches move to the device one by one."""
    model = usual.Packed(run.cell, run.embed_dim, run.hidden_dim, run.layers, run.decoder).to(device)
    lists = usual.Expressions(*rows)
    moved = lambda chosen: [ids.to(device) for ids in lists.collate(chosen)]  # noqa: E731
    batches = DataLoader(lists, run.batch_size, shuffle=True, collate_fn=moved)
    return partial(usual.epoch, model, torch.optim.AdamW(model.parameters(), lr=run.lr), run.grad_clip, batches)


def ways(run: params.Run, encoded: Callable[[str], Rows], device: torch.device) -> dict[str, Callable[[], float]]:
    """A function per way, which makes one training pass; `encoded` gives the rows for a scratchpad."""

    def ours(run: params.Run) -> Callable[[], float]:
        rows = encoded(run.scratchpad)
        rows = rows[0].to(device), rows[1].to(device)
        return partial(one_pass, Learner(run, 10 * len(rows[0]), device), run, rows)  # the schedule outlasts all passes

    passes = {}
    for cell in ("lstm", "gru"):
        passes[f"{cell}, usual loop"] = loop(replace(run, cell=cell), encoded(run.scratchpad), device)
        for precision in ("float32", "tf32"):
            passes[f"{cell}, ours, {precision}"] = ours(replace(run, cell=cell, precision=precision))
    for hidden, batch, scratchpad in ((128, 256, "steps"), (128, 1024, "steps"), (256, 1024, "none")):
        sizes = {"hidden_dim": hidden, "embed_dim": hidden // 2, "batch_size": batch, "scratchpad": scratchpad}
        name = f"recipe, {hidden} wide, batches of {batch}, scratchpad {scratchpad}, tf32"
        passes[name] = ours(replace(run, **RECIPE, **sizes, precision="tf32"))
    return passes


def main() -> None:
    parser = argparse.ArgumentParser(description="Compare the training speed on a GPU with the usual loop.")
    parser.add_argument("params", type=Path)
    parser.add_argument("table", type=Path, help="Parquet file to read: training rows of the full corpus")
    args = parser.parse_args()

    run, device = params.find(args.params, "runs", "full-lstm")[1], machine.device(threads=1)
    table = tables.read_table(args.table).slice(0, ROWS)
    passes = ways(run, partial(tokens.encode_table, table), device)
    print(torch.cuda.get_device_name() if torch.cuda.is_available() else page.hardware())
    for way, timed in rounds({name: (len(table), call) for name, call in passes.items()}).items():
        print(f"{way:60}{median(timed):10,.0f}")


if __name__ == "__main__":
    with one_line("gpu"):
        main()
