"""Somebody else's table, answered by a trained network and scored.

$ python -m stages.score data/models/full-lstm.safetensors mine.csv
exact match 0.973000 of 1,000 rows; bad rows, left out: 2
"""

import argparse
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import compress, islice
from pathlib import Path

import torch
from tqdm import tqdm

from stages import grammar
from stages.command import BadInput, one_line, shown
from stages.external import rows as external
from stages.network import alphabet, machine, scores, weights

NAMED = 10  # bad rows that are named; more would hide the result
PART = 1 << 12  # rows that are in memory at a time; few, so that the bar moves


@dataclass
class Tally:
    """What became of a table's rows: how many were bad, the first of these in words, and the others by template."""

    bad: int = 0
    named: list[str] = field(default_factory=list)
    asked: Counter[str] = field(default_factory=Counter)
    right: Counter[str] = field(default_factory=Counter)
    unseen: Counter[str] = field(default_factory=Counter)  # by what the network never saw
    seconds: float = 0.0  # of answering alone


def tally(trained: weights.Trained, model: Path, path: Path, device: torch.device) -> Tally:
    """A table's good rows, answered; raises BadInput where a probability of the network in the file `model` is NaN."""
    found = Tally()
    # A bar on a terminal, if it takes more than 5 seconds
    rows = iter(tqdm(external.read(path), "scoring", unit_scale=True, unit="row", delay=5, leave=False, disable=None))
    while part := list(islice(rows, PART)):
        good = [row for row in part if not row.wrong]
        found.bad += len(part) - len(good)
        found.named += [row.wrong for row in part if row.wrong][: NAMED - len(found.named)]
        if not good:
            continue
        sources, answers = alphabet.encode_sources([row.src for row in good]), [row.tgt for row in good]
        started = time.perf_counter()
        decoded, probability = scores.decode(trained.model, sources.to(device), trained.steps)
        found.seconds += time.perf_counter() - started
        scores.check(model, f"probability of an answer to {shown(str(path), 200)}", probability.sum().item())
        templates = [external.template(row.src) for row in good]
        found.asked.update(templates)
        found.right.update(compress(templates, scores.exact(decoded, alphabet.encode_answers(answers)).tolist()))
        found.unseen.update(filter(None, (grammar.unseen(row.src, trained.operands) for row in good)))
    return found


def score(trained: weights.Trained, model: Path, path: Path, device: torch.device) -> Iterator[str]:
    """Lines about the answers to the good rows of a table: exact match, also by template, and the speed.

    The first bad rows stand before them. Raises BadInput when no row is good, and as `tally` does.
    """
    found, where = tally(trained, model, path, device), shown(str(path), 200)
    asked, right = found.asked.total(), found.right.total()
    if not asked:
        raise BadInput(f"{where}: no row can be scored; {found.named[0] if found.named else 'it has none'}")
    yield from (f"{where}: {reason}" for reason in found.named)
    if found.bad > NAMED:
        yield f"{where}: … and {found.bad - NAMED:,} more"
    if found.unseen:
        yield "the network never saw " + ", ".join(f"{what} (rows: {rows:,})" for what, rows in found.unseen.items())
    yield f"exact match {right / asked:.6f} of {asked:,} rows; bad rows, left out: {found.bad:,}"
    yield f"{asked / found.seconds:,.0f} rows/s"
    for template in (*grammar.TEMPLATES, external.OTHER):
        if rows := found.asked[template]:
            yield f"{template:<9} {found.right[template] / rows:.6f} of {rows:,}"


def main() -> None:
    parser = argparse.ArgumentParser(description="Let a trained network answer a table, and score its answers.")
    parser.add_argument("model", type=Path, help="file to read")
    parser.add_argument("rows", type=Path, help="any table with columns src and tgt: CSV, JSON lines, Parquet, Feather")
    args = parser.parse_args()

    device = machine.device()
    trained = weights.load(args.model)
    trained.model.to(device)
    for line in score(trained, args.model, args.rows, device):
        print(line)


if __name__ == "__main__":
    with one_line("score"):
        main()
