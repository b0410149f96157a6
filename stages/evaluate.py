"""The answers of one run's network to its held-out rows and to every a*b, with metrics.

'12*(3+4)=', tgt 84  ->  predicted '84', correct, probability 0.93
"""

import argparse
from pathlib import Path


def arguments() -> argparse.Namespace:
    """The command line, read before the slow imports."""
    parser = argparse.ArgumentParser(description="Answer a run's held-out rows with its network and score the answers.")
    parser.add_argument("params", type=Path)
    parser.add_argument("model", type=Path, help="model file to read")
    parser.add_argument("rows", type=Path, help="Parquet file to read: held-out rows")
    parser.add_argument("--train", type=Path, required=True, help="Parquet file to read: the run's training rows")
    parser.add_argument("--predictions", type=Path, required=True, help="Parquet file to write: answers to these rows")
    parser.add_argument("--products", type=Path, required=True, help="Parquet file to write: answers to every a*b")
    parser.add_argument("--metrics", type=Path, required=True, help="JSON file to write")
    parser.add_argument("--history", type=Path, required=True, help="CSV file to write: the training curve")
    parser.add_argument("--plots", type=Path, required=True, help="CSV file to write: the table for `dvc plots`")
    return parser.parse_args()


if __name__ == "__main__":
    ARGUMENTS = arguments()

import json
from collections import Counter

import numpy as np
import pandas as pd
import pyarrow as pa
import torch
from torch import Tensor

from stages.arithmetic import grammar, places, questions, twins, work
from stages.common import params, tables
from stages.common.command import one_line
from stages.common.watch import given
from stages.network import PAD, machine, scores, tokens, weights


def evaluate(trained: weights.Trained, rows: pa.Table, asked: tokens.Rows, steps: tokens.Rows) -> tuple[pa.Table, dict]:
    """The N rows with the network's greedy answers, and the metrics over all rows; `loss` is in nats per token.

    With a scratchpad, loss and token accuracy are of all tokens of the true worked answers, or of the `steps` of the
    expressions themselves; exact match and position accuracy are of values.
    """
    predictions, values = scores.answer(trained, rows, *asked)
    most = grammar.longest_answer(trained.operands) + 1  # + 1: its <eos>. An endless answer must not widen the table
    loss, right, real = scores.token_sums(trained.model, *steps).tolist()  # real: without padding
    last = trained.history[-1]
    metrics = {
        "rows": len(predictions),
        "exact_match": sum(predictions["correct"].to_pylist()) / len(predictions),
        "loss": loss / real,
        "token_accuracy": right / real,
        "position_accuracy": position_accuracy(values[:, :most], tokens.fit(trained.values(asked[1].cpu()))),
        "train_loss": last["train_loss"],
        "train_token_accuracy": last["train_token_accuracy"],
        "parameters": sum(weight.numel() for weight in trained.model.parameters()),
    }
    if trained.scratchpad == "steps":
        metrics |= wrong_steps(rows, predictions["written"].to_pylist())
    return predictions, metrics


def position_accuracy(decoded: Tensor, answers: Tensor) -> float:
    """The share of equal positions, padding included, up to the table's longest value, true or decoded."""
    places = torch.arange(1, decoded.shape[1] + 1)  # counted from 1, so that the largest one in use is the width
    width = max(answers.shape[1], int((places * (decoded != PAD).any(dim=0)).max()))
    return (tokens.padded(decoded, width)[:, :width] == tokens.padded(answers, width)).double().mean().item()


def wrong_steps(rows: pa.Table, written: list[str]) -> dict[str, float]:
    """By operation, the share of rows (N) whose first wrong step is of that operation, from the worked answers (N)."""
    columns = rows["src"].to_pylist(), written, rows["steps"].to_pylist()
    differing = [work.wrong(src, shown) for src, shown, true in zip(*columns, strict=True) if shown != true]
    counts = Counter(wrong.operation for wrong in differing if wrong)
    return {f"wrong_{operation}": counts[operation] / len(rows) for operation in work.OPERATIONS}


def met(rows: list[str], train: list[str]) -> float:
    """The share of held-out rows, '12*(3+4)=', that a network that asks itself met as questions of training rows."""
    held_out, given = ({src.removesuffix("=") for src in table} for table in (rows, train))
    raised = sum(question in held_out for question, _ in questions.raised(sorted(given)) if question not in given)
    return raised / len(rows)


def by_twin(correct: np.ndarray, has_twin: np.ndarray) -> dict[str, float]:
    """The share of held-out rows with a twin in the training set, and exact match with and without one."""
    parts = {"exact_match_twin": correct[has_twin], "exact_match_no_twin": correct[~has_twin]}
    return {"twins": float(has_twin.mean())} | {name: float(part.mean()) for name, part in parts.items() if len(part)}


def pictures(history: list[dict[str, float]], exact_match: float, answers: pd.DataFrame) -> pd.DataFrame:
    """The table for `dvc plots`: a row per epoch, a row with the exact match, and a row per pair of `digits`."""
    curves = pd.DataFrame(history).reindex(columns=["epoch", "valid_loss", "valid_token_accuracy"])
    return pd.concat([curves, pd.DataFrame({"exact_match": [exact_match]}), places.digits(answers)], ignore_index=True)


def main(args: argparse.Namespace) -> None:
    params.read(args.params)
    for path in (args.model, args.rows, args.train):
        given(path)
    device = machine.device(threads=1)  # then the metrics do not depend on the number of cores
    trained = weights.load(args.model)
    trained.model.to(device)
    rows, pairs = tables.read_table(args.rows), scores.products(trained.operands)
    encoded = [encode(rows, trained.scratchpad) for encode in (tokens.encode_table, tokens.encode_steps)]
    predictions, metrics = evaluate(trained, rows, *(tokens.on(device, pair) for pair in encoded))
    multiplied, _ = scores.answer(trained, pairs, *(ids.to(device) for ids in tokens.encode_table(pairs)))
    scores.check(args.model, f"loss on {args.rows}", metrics["loss"])
    for asked, table in ((args.rows, predictions), ("a*b", multiplied)):
        scores.check(args.model, f"probability of an answer to {asked}", sum(table["probability"].to_pylist()))
    correct = np.array(predictions["correct"].to_pylist())
    train = tables.read_table(args.train)
    metrics |= by_twin(correct, twins.twins(rows, train))
    if trained.scratchpad == "questions":
        metrics["met"] = met(rows["src"].to_pylist(), train["src"].to_pylist())
    rounded = {name: round(value, 6) for name, value in metrics.items()}
    outputs = args.predictions, args.products, args.metrics, args.history, args.plots
    with tables.outputs(*outputs) as [table, square, scored, curve, drawn]:
        tables.write_table(table, predictions)
        tables.write_table(square, multiplied)
        tables.write_text(scored, json.dumps(rounded, indent=2) + "\n")
        tables.write_text(curve, pd.DataFrame(trained.history).to_csv(index=False, float_format="%.6f"))
        drawings = pictures(trained.history, metrics["exact_match"], predictions.to_pandas())
        tables.write_text(drawn, drawings.to_csv(index=False, float_format="%.6g"))


if __name__ == "__main__":
    with one_line("evaluate"):
        main(ARGUMENTS)
