"""The speed of ours and of the usual ways, measured in turn in one process, and the share of the machine.

data/samples, data/corpus.parquet, data/models/full-lstm.safetensors  ->  reports/benchmarks.md

    work                    way         rows/s  ours / this  share of the machine
    training, lstm on full  usual loop  1,100   2.40         0.30

Always on the CPU: on a GPU, ours and the rivals all use cuDNN.
"""

import argparse
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from itertools import islice, product
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from unittest import mock

import torch
from torch.utils.data import DataLoader

from stages import generate
from stages.common import params, tables
from stages.common.command import one_line
from stages.network import learner as learning
from stages.network import machine, scores, tokens, weights
from stages.network.learner import Learner
from stages.network.tokens import Rows
from tests.benchmarks import page, usual
from tests.benchmarks.measure import drawn, one_pass, products, rounds, spread, useful_flop

BATCHES = 20  # per training pass, so that all passes together take minutes
EVALUATED, DECODED, ONE_BY_ONE = 100_000, 50_000, 200  # rows for the other works


def generation(operands: int) -> list[page.Line]:
    """Rates of ours on the whole corpus, and of a loop on its beginning."""
    rows = sum(len(batch) for batch in generate.generate(operands))
    contestants = {
        "ours": (rows, lambda: sum(1 for _ in generate.generate(operands))),
        "loop with eval()": (EVALUATED, lambda: sum(1 for _ in islice(usual.expressions(operands), EVALUATED))),
    }
    return page.lines("generation", rounds(contestants))


def ways(run: params.Run, rows: Rows, learner: Learner) -> dict[str, Callable[[], float]]:
    """A function per way, which makes one training pass over the rows."""
    packed = usual.Packed(**learner.model.shape)
    loop = partial(usual.epoch, packed, torch.optim.AdamW(packed.parameters(), lr=run.lr), run.grad_clip)
    lists = usual.Expressions(*rows)
    loader = DataLoader(lists, run.batch_size, shuffle=True, collate_fn=lists.collate)
    return {
        "ours": partial(one_pass, learner, run, rows),
        "usual loop": lambda: loop(loader),
        "ours, bf16": partial(one_pass, learner, replace(run, precision="bf16"), rows),
    }


def training(run: params.Run, table: Path) -> tuple[list[page.Line], dict[str, float]]:
    """A line per way, and the operations per second of each product alone."""
    machine.device(threads=1)  # as `train`
    rows = tuple(ids[: BATCHES * run.batch_size] for ids in tokens.encode_table(tables.read_table(table)))
    learner = Learner(run, len(rows[0]), torch.device("cpu"))
    passes = {way: (len(rows[0]), call) for way, call in ways(run, rows, learner).items()}
    alone = products(run, round(run.batch_size * tokens.widths(rows[0]).double().mean().item()))
    measured = rounds(passes | alone)
    peaks = {shape: median(measured[shape]) for shape in alone}
    share = useful_flop(run, *rows) / max(peaks.values())  # of the machine, per row per second
    return page.lines(f"training, {run.cell} on {run.dataset}", {way: measured[way] for way in passes}, share), peaks


def muon(run: params.Run, table: Path) -> list[page.Line]:
    """A line for ours and for PyTorch's Muon, for a GRU with attention as wide as `run`."""
    machine.device(threads=1)
    rows = tuple(ids[: BATCHES * run.batch_size] for ids in tokens.encode_table(tables.read_table(table)))
    recipe = replace(run, cell="gru", decoder="attention", schedule="one_cycle", optimizer="muon")
    passes = {}
    for way, kind in {"ours": learning.Muon, "PyTorch's, in bfloat16": torch.optim.Muon}.items():
        with mock.patch.object(learning, "Muon", kind):
            learner = Learner(recipe, len(rows[0]) * 100, torch.device("cpu"))  # * 100: the schedule must not end
        passes[way] = (len(rows[0]), partial(one_pass, learner, recipe, rows))
    return page.lines(f"training with Muon, {run.hidden_dim} wide", rounds(passes))


def decoding(trained: weights.Trained, corpus: Path, seed: int) -> list[page.Line]:
    """Rates of decoding in batches and row by row, for the corpus in order and for random rows."""
    rival = usual.Packed(**trained.model.shape)
    rival.load_state_dict(trained.model.state_dict())
    lines = []
    for work, (sources, _) in {
        "decoding, corpus in order": spread(corpus, DECODED),
        "decoding, rows at random": drawn(corpus, DECODED, seed),
    }.items():
        lists = [ids[ids != tokens.PAD].tolist() for ids in sources[:: DECODED // ONE_BY_ONE]]
        by_one = partial(lambda lists: [usual.greedy(rival, ids, trained.steps) for ids in lists], lists)
        ours = partial(scores.decode, trained, sources)
        lines += page.lines(work, rounds({"ours": (DECODED, ours), "one row at a time": (len(lists), by_one)}))
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description="Compare the speed of the stages with the usual implementations.")
    parser.add_argument("samples", type=Path, help="folder to read, with a folder for each dataset")
    parser.add_argument("corpus", type=Path, help="Parquet file to read")
    parser.add_argument("model", type=Path, help="file to read: the network that decodes")
    parser.add_argument("page", type=Path, help="Markdown file to write")
    args = parser.parse_args()

    config = params.read(Path("params.yaml"))
    run = next(iter(config.runs.values()))
    machine.device()  # sets the threads to all cores
    with tables.atomic(args.page) as [draft]:
        lines, peaks = generation(config.corpus.operands), {}
        kinds = [replace(run, dataset=d, cell=c) for d, c in product(("single_digit", "full"), ("gru", "lstm"))]
        samples = [args.samples / kind.dataset / "train.parquet" for kind in kinds]
        # A new process per kind, in which its ways take turns: memory left by earlier kinds would slow them down
        with ProcessPoolExecutor(1, get_context("forkserver"), max_tasks_per_child=1) as pool:
            for kind, (trained, alone) in zip(kinds, pool.map(training, kinds, samples), strict=True):
                print(f"speed: trained, {kind.cell} on {kind.dataset}", file=sys.stderr)
                lines += trained
                peaks[f"{kind.cell} on {kind.dataset}"] = alone
            for width in 128, 256:
                lines += pool.submit(muon, replace(run, hidden_dim=width, embed_dim=width // 2), samples[-1]).result()
        lines += decoding(weights.load(args.model), args.corpus, config.sample_seed)
        tables.write_text(draft, page.page(run, BATCHES * run.batch_size, lines, peaks))
    print(page.table(lines))


if __name__ == "__main__":
    with one_line("speed"):
        main()
