"""The benchmarks' page: the measurements and their targets.

{"ours": 2900.0, "usual loop": 1100.0} rows a second  ->  | training, lstm on full | usual loop | 1,100 | 2.64 | … |
"""

import math
import os
import platform
import re
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import torch

from stages.common import params
from tests.benchmarks.measure import REPEATS

# Targets for ours: this many times a rival's rate at a work, and this share of the machine
TIMES = {("training", "usual loop"): 1.6, ("decoding, corpus in order", "one row at a time"): 50.0}
SHARE = {"lstm": 0.7}


@dataclass(frozen=True)
class Line:
    """The measurement of one way to do a work."""

    work: str
    way: str
    rate: float  # rows a second
    times: float  # rate of ours divided by this rate
    share: float  # of the machine; NaN unless the work is training


def lines(work: str, rates: dict[str, float], share: float = math.nan) -> list[Line]:
    """A line per way; `share` is the share of the machine per row per second."""
    return [Line(work, way, rate, rates["ours"] / rate, share * rate) for way, rate in rates.items()]


def page(
    run: params.Run, rows: int, lines: list[Line], peaks: dict[str, dict[str, float]], learned: pd.DataFrame
) -> str:
    """The page as Markdown; `peaks` has operations per second by training and product."""
    fastest = [(work, shape, f"{rate / 1e9:.1f}") for work, found in peaks.items() for shape, rate in found.items()]
    parts = [
        "# Speed",
        f"{hardware()}. All ways to do a work took turns in a process of their own, once to warm up and {REPEATS} "
        f"times measured; a rate is the median. A training pass is over {rows:,} rows in batches of {run.batch_size}, "
        f"for embedding {run.embed_dim}, hidden {run.hidden_dim}, {run.layers} layers each way. Decoded are rows from "
        "all over the corpus, by a trained network.",
        table(lines),
        "*Loop with eval()*: without the worked answers, which ours generates too. *Usual loop*: a `DataLoader` over "
        "lists, padding in Python, a packed `nn.LSTM` or `nn.GRU`, a decoder as long as the longest answer, AdamW. "
        "*Plain padded*: tensors in memory, no packing, fused AdamW. *One row at a time*: greedily, token by token, by "
        "the network of the usual loop with the weights of ours. *Length buckets*: batches of near-equal source "
        "length. *bf16*: on the CPU's bfloat16 units where it has any.",
        "*Share of the machine*: the operations a second that training needs, over real tokens alone, by those of the "
        "fastest float32 product below, which took turns with the training. Beginnings that several rows share count "
        "for each of them, though ours computes them once.",
        markdown(fastest, ["training", "product", "GFLOP/s"]),
        "Beside other busy processes: [load.md](load.md).",
        "## Targets",
        targets(lines),
        "## Length buckets: what is learned",
        "The validation loss of an LSTM on single_digit after each epoch, with batches as they are shuffled and with "
        "batches of near-equal source length: mean and standard deviation over three seeds.",
        learned.reset_index().to_markdown(index=False, disable_numparse=True),
    ]
    return "\n\n".join(parts) + "\n"


def hardware() -> str:
    """'Intel(R) Xeon(R) Processor, 2 cores, 2 threads, PyTorch 2.13.0'"""
    listed = Path("/proc/cpuinfo")
    found = re.search(r"model name\s*: (.*)", listed.read_text()) if listed.exists() else None
    name = found[1] if found else platform.processor() or platform.machine()
    return f"{name}, {os.cpu_count()} cores, {torch.get_num_threads()} threads, PyTorch {torch.__version__}"


def table(lines: list[Line]) -> str:
    """All lines, as Markdown."""
    texts = [
        (one.work, one.way, f"{one.rate:,.0f}", f"{one.times:.2f}", "" if math.isnan(one.share) else f"{one.share:.2f}")
        for one in lines
    ]
    return markdown(texts, ["work", "way", "rows/s", "ours / this", "share of the machine"])


def targets(lines: list[Line]) -> str:
    """Each target, the measurement, and whether it is met, as Markdown."""
    found = [
        (f"{one.work}: ours / {one.way}", wanted, one.times)
        for (work, way), wanted in TIMES.items()
        for one in lines
        if one.work.startswith(work) and one.way == way
    ]
    for cell, wanted in SHARE.items():
        ours = [one for one in lines if one.way == "ours" and f" {cell} " in one.work]
        found += [(f"{one.work}: share of the machine", wanted, one.share) for one in ours]
    texts = [(what, f"{wanted:g}", f"{share:.2f}", "yes" if share >= wanted else "no") for what, wanted, share in found]
    return markdown(texts, ["target", "wanted", "measured", "met"])


def markdown(rows: list[tuple[str, ...]], heads: list[str]) -> str:
    """A Markdown table, aligned so that it is also readable as text."""
    return pd.DataFrame(rows, columns=heads).to_markdown(index=False, disable_numparse=True)
