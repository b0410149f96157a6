"""The benchmarks' page: the measurements as Markdown.

{"ours": [2900.0, …], "usual loop": [1100.0, …]} rows a second  ->  | usual loop | 1,100 | 2.64 |
"""

import math
import os
from dataclasses import dataclass
from operator import truediv
from statistics import median

import pandas as pd
import torch

from stages.common import params
from stages.network import machine
from tests.benchmarks.measure import REPEATS


@dataclass(frozen=True)
class Line:
    """The measurement of one way to do a work."""

    work: str
    way: str
    rate: float  # rows a second, the median of the rounds
    times: float  # the median over the rounds of ours divided by this
    share: float  # of the machine; NaN unless the work is training


def lines(work: str, rounds: dict[str, list[float]], share: float = math.nan) -> list[Line]:
    """A line per way; `share` is the share of the machine per row per second."""
    made = []
    for way, timed in rounds.items():
        rate, times = median(timed), median(map(truediv, rounds["ours"], timed))
        made.append(Line(work, way, rate, times, share * rate))
    return made


def page(run: params.Run, rows: int, lines: list[Line], peaks: dict[str, dict[str, float]]) -> str:
    """The page as Markdown; `peaks` has operations per second by training and product."""
    fastest = [(work, shape, f"{rate / 1e9:.1f}") for work, alone in peaks.items() for shape, rate in alone.items()]
    parts = [
        "# Speed",
        f"{hardware()}. All ways to do a work took turns in a process of their own, once to warm up and {REPEATS} "
        f"times measured; a rate is the median, and a ratio the median of the rounds' ratios. A training pass, on one "
        f"thread, is over {rows:,} rows in batches of {run.batch_size}, "
        f"for embedding {run.embed_dim}, hidden {run.hidden_dim}, {run.layers} layers each way. Decoded are rows from "
        "all over the corpus, by a trained network.",
        table(lines),
        "*Loop with eval()*: without the worked answers, which ours generates too. *Usual loop*: a `DataLoader` over "
        "lists, padding in Python, a packed `nn.LSTM` or `nn.GRU`, a decoder as long as the longest answer, AdamW. "
        "*PyTorch's*: its Muon; the network is a GRU with attention, with an embedding half as wide. "
        "*One row at a time*: greedily, token by token, by "
        "the network of the usual loop with the weights of ours. *bf16*: on the CPU's bfloat16 units where it has any.",
        "*Share of the machine*: the operations a second that training needs, over real tokens alone, by those of the "
        "fastest float32 product below, which took turns with the training. Beginnings that several rows share count "
        "for each of them, though ours computes them once.",
        markdown(fastest, ["training", "product", "GFLOP/s"]),
        "Beside other busy processes: [load.md](load.md).",
    ]
    return "\n\n".join(parts) + "\n"


def hardware() -> str:
    """'Intel(R) Xeon(R) Processor, 2 cores, 2 threads, PyTorch 2.13.0'"""
    threads, version = torch.get_num_threads(), torch.__version__
    return f"{machine.processor()}, {os.cpu_count()} cores, {threads} threads, PyTorch {version}"


def table(lines: list[Line]) -> str:
    """All lines, as Markdown."""
    texts = [
        (line.work, line.way, f"{line.rate:,.0f}", f"{line.times:.2f}", f"{line.share:.2f}".replace("nan", ""))
        for line in lines
    ]
    return markdown(texts, ["work", "way", "rows/s", "ours / this", "share of the machine"])


def markdown(rows: list[tuple[str, ...]], heads: list[str]) -> str:
    """A Markdown table, aligned so that it is also readable as text."""
    return pd.DataFrame(rows, columns=heads).to_markdown(index=False, disable_numparse=True)
