"""One run's network, asked every validation row and every product of two: its answers, and how good they are.

'12*(3+4)=', tgt 84  ->  predicted '84', correct, probability 0.93

With three arguments it scores any table: `python -m stages.evaluate params.yaml MODEL mine.csv`.
"""

import argparse
import json
import math
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import compress, islice
from pathlib import Path

import pandas as pd
import pyarrow as pa
import torch
from torch import Tensor
from tqdm import tqdm

from stages import files, foreign, grammar, params
from stages.command import BadInput, one_line, shown
from stages.network import alphabet, machine, scores, weights
from stages.sources import given

NAMED = 10  # bad rows of somebody else's table that are named; more would hide the result
PART = 1 << 12  # rows of it that are in memory at a time; few, so that the bar moves


def evaluate(trained: weights.Trained, rows: pa.Table, sources: Tensor, answers: Tensor) -> tuple[pa.Table, dict]:
    """The rows (N) with the network's greedy answers, and the metrics of the whole table; `loss` is in nats a token."""
    predictions, decoded = answer(trained, rows, sources, answers)
    last = trained.history[-1]
    metrics = {
        "rows": len(predictions),
        "exact_match": sum(predictions["correct"].to_pylist()) / len(predictions),
        **scores.token_scores(trained.model, sources, answers),
        "position_accuracy": scores.position_accuracy(decoded, answers.cpu()),
        "train_loss": last["train_loss"],
        "train_token_accuracy": last["train_token_accuracy"],
        "parameters": sum(weight.numel() for weight in trained.model.parameters()),
    }
    return predictions, metrics


def answer(trained: weights.Trained, rows: pa.Table, sources: Tensor, answers: Tensor) -> tuple[pa.Table, Tensor]:
    """The rows (N) with the network's greedy answers, and these as ids (N, steps).

    `correct` is an answer that is the decimal `tgt` and ends with `<eos>` in time.
    """
    decoded, probability = scores.decode(trained.model, sources, trained.steps)
    predictions = pa.table(
        {
            "src": rows["src"],
            "tgt": rows["tgt"],
            "predicted": [alphabet.decode(ids) for ids in decoded.tolist()],
            "correct": scores.exact(decoded, answers.cpu()).numpy(),
            "template": rows["template"],
            "probability": probability.numpy(),
        },
        files.PREDICTIONS,
    )
    return predictions, decoded


def products(operands: int) -> pa.Table:
    """Every `a*b=` over operands 0..operands-1 with its answer: few validation rows are of this template."""
    pairs = [(a, b) for a in range(operands) for b in range(operands)]
    return pa.table(
        {
            "src": [f"{a}*{b}=" for a, b in pairs],
            "tgt": pa.array([a * b for a, b in pairs], pa.int32()),
            "template": pa.array(["a*b"] * len(pairs)).dictionary_encode(),
        }
    )


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
    rows = iter(tqdm(foreign.read(path), "scoring", unit_scale=True, unit="row", delay=5, leave=False, disable=None))
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
        check(model, f"probability of an answer to {shown(str(path), 200)}", probability.sum().item())
        templates = [foreign.template(row.src) for row in good]
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
    for template in (*grammar.TEMPLATES, foreign.OTHER):
        if rows := found.asked[template]:
            yield f"{template:<9} {found.right[template] / rows:.6f} of {rows:,}"


def check(model: Path, what: str, value: float) -> None:
    """Raise BadInput where a number of the network in the file `model` is NaN or infinite."""
    if not math.isfinite(value):
        raise BadInput(f"{model}: its {what} is {value}; train it again with a smaller lr")


def main() -> None:
    parser = argparse.ArgumentParser(
        description="Let a trained network answer its validation rows, and score it.",
        epilog="Without files to write it prints what it makes of ROWS, any table with columns src and tgt.",
    )
    parser.add_argument("params", type=Path)
    parser.add_argument("model", type=given, help="file to read")
    parser.add_argument("rows", type=given, help="Parquet file to read; CSV and others too, where nothing is written")
    parser.add_argument("predictions", type=Path, nargs="?", help="Parquet file to write: the answers to its rows")
    parser.add_argument("products", type=Path, nargs="?", help="Parquet file to write: the answers to every a*b")
    parser.add_argument("metrics", type=Path, nargs="?", help="JSON file to write")
    parser.add_argument("history", type=Path, nargs="?", help="CSV file to write")
    args = parser.parse_args()
    if args.predictions and not args.history:
        parser.error("either all four files to write, or none")

    params.read(args.params)
    device = machine.device()
    trained = weights.load(args.model)
    trained.model.to(device)
    if not args.predictions:
        for line in score(trained, args.model, args.rows, device):
            print(line)
        return
    rows, pairs = files.read_table(args.rows), products(trained.operands)
    predictions, metrics = evaluate(trained, rows, *(ids.to(device) for ids in alphabet.encode_table(rows, args.rows)))
    multiplied, _ = answer(trained, pairs, *(ids.to(device) for ids in alphabet.encode_table(pairs, "a*b")))
    check(args.model, f"loss on {args.rows}", metrics["loss"])
    for asked, table in ((args.rows, predictions), ("a*b", multiplied)):
        check(args.model, f"probability of an answer to {asked}", sum(table["probability"].to_pylist()))
    rounded = {name: round(value, 6) for name, value in metrics.items()}
    with files.outputs(args.predictions, args.products, args.metrics, args.history) as [table, square, scored, curve]:
        files.write_table(table, predictions)
        files.write_table(square, multiplied)
        files.write_text(scored, json.dumps(rounded, indent=2) + "\n")
        files.write_text(curve, pd.DataFrame(trained.history).to_csv(index=False, float_format="%.6f"))


if __name__ == "__main__":
    with one_line("evaluate"):
        main()
