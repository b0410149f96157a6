"""Score a trained network on an external table.

$ python -m stages.score data/models/full-lstm.safetensors mine.csv
exact match 0.973000 of 1,000 rows; bad rows skipped: 2
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

NAMED = 10  # bad rows that are listed; more would hide the result
PART = 1 << 12  # rows in memory at a time; few, so that the progress bar moves


@dataclass
class Tally:
    """Counts of a table's rows: bad ones, with messages for the first of them, and answered ones by template."""

    bad: int = 0
    named: list[str] = field(default_factory=list)
    asked: Counter[str] = field(default_factory=Counter)
    right: Counter[str] = field(default_factory=Counter)
    unseen: Counter[str] = field(default_factory=Counter)  # by the reason why it is not in the corpus
    seconds: float = 0.0  # spent on answering


def tally(trained: weights.Trained, model: Path, path: Path, device: torch.device) -> Tally:
    """The counts of a table's rows; raises BadInput naming the file `model` if a probability is NaN."""
    found = Tally()
    # A progress bar, only on a terminal and after 5 seconds
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
        found.right.update(
            compress(templates, scores.exact(trained.values(decoded), alphabet.encode_answers(answers)).tolist())
        )
        found.unseen.update(filter(None, (grammar.unseen(row.src, trained.operands) for row in good)))
    return found


def score(trained: weights.Trained, model: Path, path: Path, device: torch.device) -> Iterator[str]:
    """The lines to print: the first bad rows, then exact match, speed, and exact match by template.

    Raises BadInput if no row is good, and as `tally` does.
    """
    found, where = tally(trained, model, path, device), shown(str(path), 200)
    asked, right = found.asked.total(), found.right.total()
    if not asked:
        raise BadInput(f"{where}: no row can be scored; {found.named[0] if found.named else 'the table is empty'}")
    yield from (f"{where}: {reason}" for reason in found.named)
    if found.bad > NAMED:
        yield f"{where}: … and {found.bad - NAMED:,} more"
    if found.unseen:
        yield "the network never saw " + ", ".join(f"{what} (rows: {rows:,})" for what, rows in found.unseen.items())
    yield f"exact match {right / asked:.6f} of {asked:,} rows; bad rows skipped: {found.bad:,}"
    yield f"{asked / found.seconds:,.0f} rows/s"
    for template in (*grammar.TEMPLATES, external.OTHER):
        if rows := found.asked[template]:
            yield f"{template:<9} {found.right[template] / rows:.6f} of {rows:,}"


def main() -> None:
    parser = argparse.ArgumentParser(description="Score a trained network on a table.")
    parser.add_argument("model", type=Path, help="model file to read")
    parser.add_argument("rows", type=Path, help="table with columns src and tgt: CSV, JSON lines, Parquet, Feather")
    args = parser.parse_args()

    device = machine.device()
    trained = weights.load(args.model)
    trained.model.to(device)
    for line in score(trained, args.model, args.rows, device):
        print(line)


if __name__ == "__main__":
    with one_line("score"):
        main()
