"""One run's network, asked every validation row and every product of two: its answers, and how good they are.

'12*(3+4)=', tgt 84  ->  predicted '84', correct, probability 0.93

With three arguments it scores any table: `python -m stages.evaluate params.yaml MODEL mine.csv`.
"""

import argparse
import json
import math
import time
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pyarrow as pa
import torch
from torch import Tensor

from stages import files, foreign, grammar, params, sources
from stages.command import BadInput, one_line
from stages.network import alphabet, machine, scores, weights

NAMED = 10  # bad rows of somebody else's table that are named; more would hide the result


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


def score(trained: weights.Trained, path: Path, device: torch.device) -> Iterator[str]:
    """Lines about the answers to a CSV or Parquet file's good rows: exact match, also by template, and the speed."""
    rows, bad = foreign.read(path)
    yield from (f"{path}: {reason}" for reason in bad[:NAMED])
    if len(bad) > NAMED:
        yield f"{path}: … and {len(bad) - NAMED:,} more"
    sources, answers = (ids.to(device) for ids in alphabet.encode_table(rows, path))
    started = time.perf_counter()
    decoded, _ = scores.decode(trained.model, sources, trained.steps)
    seconds = time.perf_counter() - started
    right = pd.Series(scores.exact(decoded, answers.cpu()).numpy(), rows["template"].to_pandas())
    yield f"exact match {right.mean():.6f} of {len(rows):,} rows; bad rows, left out: {len(bad):,}"
    yield f"{len(rows) / seconds:,.0f} rows/s"
    found = right.groupby(level=0).agg(["mean", "size"]).reindex([*grammar.TEMPLATES, foreign.OTHER]).dropna()
    yield from (f"{row.Index:<9} {row.mean:.6f} of {row.size:,.0f}" for row in found.itertuples())


def main() -> None:
    parser = argparse.ArgumentParser(
        description="Let a trained network answer its validation rows, and score it.",
        epilog="Without files to write it prints what it makes of ROWS, any CSV or Parquet file with src and tgt.",
    )
    parser.add_argument("params", type=Path)
    parser.add_argument("model", type=sources.given, help="file to read")
    parser.add_argument("rows", type=sources.given, help="Parquet file to read; CSV too, where nothing is written")
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
        for line in score(trained, args.rows, device):
            print(line)
        return
    rows, pairs = files.read_table(args.rows), products(trained.operands)
    predictions, metrics = evaluate(trained, rows, *(ids.to(device) for ids in alphabet.encode_table(rows, args.rows)))
    multiplied, _ = answer(trained, pairs, *(ids.to(device) for ids in alphabet.encode_table(pairs, "a*b")))
    if not math.isfinite(metrics["loss"]):
        raise BadInput(f"{args.model}: its loss on {args.rows} is {metrics['loss']}; train it again with a smaller lr")
    rounded = {name: round(value, 6) for name, value in metrics.items()}
    with files.outputs(args.predictions, args.products, args.metrics, args.history) as [table, square, scored, curve]:
        files.write_table(table, predictions)
        files.write_table(square, multiplied)
        files.write_text(scored, json.dumps(rounded, indent=2) + "\n")
        files.write_text(curve, pd.DataFrame(trained.history).to_csv(index=False, float_format="%.6f"))


if __name__ == "__main__":
    with one_line("evaluate"):
        main()
