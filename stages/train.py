"""One run's network, trained on its rows: rows in, weights and the curve of their training out.

train.parquet, valid.parquet  ->  data/models/full-lstm.pt, reports/timing/full-lstm.json
"""

import argparse
import json
import math
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from stages import alphabet, files, machine, params, scores, weights
from stages.command import BadInput, one_line
from stages.seq2seq import Seq2Seq

Rows = tuple[Tensor, Tensor]  # sources (N, S) and answers (N, T)


def train(name: str, run: params.Run, operands: int, rows: Rows, valid: Rows) -> tuple[weights.Trained, list[float]]:
    """A trained network and the seconds of each epoch's pass over the training rows.

    Raises BadInput when the loss is no longer a number.
    """
    torch.manual_seed(run.seed)
    model = Seq2Seq(run.cell, run.embed_dim, run.hidden_dim, run.layers).to(rows[0].device)
    optimiser = torch.optim.AdamW(model.parameters(), lr=run.lr)
    trained = weights.Trained(name, model, operands, history=[])
    seconds = []
    for epoch in range(1, run.epochs + 1):
        started = time.perf_counter()
        progress = tqdm(total=len(rows[0]), desc=f"{name} {epoch}/{run.epochs}", unit="row", leave=False, disable=None)
        with progress:
            batches = shuffled(*rows, run.batch_size, seed=(run.seed, epoch))
            scored = one_epoch(model, optimiser, batches, run.grad_clip, progress)
        seconds.append(time.perf_counter() - started)
        scored |= validate(trained, *valid)
        for kind in ("train_loss", "valid_loss"):
            if not math.isfinite(scored[kind]):
                raise BadInput(f"run {name}: {kind} is {scored[kind]} in epoch {epoch}; a smaller lr may help")
        trained.history.append({"epoch": epoch, **scored})
        tqdm.write(_line(name, trained.history[-1], run.epochs, len(rows[0]) / seconds[-1]), file=sys.stderr)
    return trained, seconds


def shuffled(sources: Tensor, answers: Tensor, size: int, seed: tuple[int, int]) -> Iterator[Rows]:
    """Every row once, in an order of this seed, in batches cut to their own longest source and answer."""
    source_widths, answer_widths = scores.widths(sources).cpu(), scores.widths(answers).cpu()
    order = torch.from_numpy(np.random.default_rng(seed).permutation(len(sources)))
    for batch in order.split(size):
        rows = batch.to(sources.device)
        yield (
            scores.trim(sources[rows], int(source_widths[batch].max())),
            scores.trim(answers[rows], int(answer_widths[batch].max())),
        )


def one_epoch(
    model: Seq2Seq, optimiser: torch.optim.Optimizer, batches: Iterator[Rows], clip: float, progress: tqdm
) -> dict[str, float]:
    """One gradient step a batch; the loss and accuracy are running means over the epoch's real tokens."""
    model.train()
    totals = torch.zeros(3, dtype=torch.float64)
    for source, answer in batches:
        loss, right, tokens = scores.summed_loss(model(source, answer.shape[1]), answer)
        optimiser.zero_grad()
        (loss / tokens).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), clip)
        optimiser.step()
        totals += torch.stack([part.detach().double() for part in (loss, right, tokens)]).cpu()
        progress.set_postfix(loss=f"{totals[0] / totals[2]:.4f}", refresh=False)
        progress.update(len(source))
    loss, right, tokens = totals.tolist()
    return {"train_loss": loss / tokens, "train_token_accuracy": right / tokens}


def validate(trained: weights.Trained, sources: Tensor, answers: Tensor) -> dict[str, float]:
    """Loss, token accuracy and exact match on rows (N, S) and (N, T) that the network was not trained on."""
    trained.model.eval()
    decoded, _ = scores.decode(trained.model, sources, trained.steps)
    found = scores.token_scores(trained.model, sources, answers)
    found["exact_match"] = scores.exact(decoded, answers.cpu()).double().mean().item()
    return {f"valid_{name}": value for name, value in found.items()}


def timing(seconds: list[float], rows: int) -> dict[str, float | int | str]:
    """Mean seconds of an epoch's training pass (validation not counted), rows per second, and on what."""
    mean = sum(seconds) / len(seconds)
    return {"seconds_per_epoch": round(mean, 3), "rows_per_second": round(rows / mean, 1), **machine.description()}


def _line(name: str, epoch: dict[str, float], epochs: int, speed: float) -> str:
    return (
        f"{name} {epoch['epoch']:.0f}/{epochs}: loss {epoch['train_loss']:.4f}, valid {epoch['valid_loss']:.4f}, "
        f"exact match {epoch['valid_exact_match']:.4f}, {speed:,.0f} rows/s"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="Train one run's network.")
    parser.add_argument("params", type=Path)
    parser.add_argument("run", help="a name under `runs` of params.yaml")
    parser.add_argument("train", type=Path, help="Parquet file to read")
    parser.add_argument("valid", type=Path, help="Parquet file to read")
    parser.add_argument("model", type=Path, help="file to write")
    parser.add_argument("timing", type=Path, help="JSON file to write")
    args = parser.parse_args()

    config, run = params.find(args.params, "runs", args.run)
    device = machine.device()
    rows, valid = (
        tuple(ids.to(device) for ids in alphabet.encode_table(files.read_table(path), path))
        for path in (args.train, args.valid)
    )
    with files.whole(args.model, args.timing) as [model, times]:
        trained, seconds = train(args.run, run, config.corpus.operands, rows, valid)
        weights.save(model, trained)
        files.write_text(times, json.dumps(timing(seconds, len(rows[0])), indent=2) + "\n")


if __name__ == "__main__":
    with one_line("train"):
        main()
