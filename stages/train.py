"""Train one run's network: rows in, weights and training curve out.

train.parquet, valid.parquet  ->  data/models/full-lstm.safetensors, reports/timing/full-lstm.json
"""

import argparse
import json
import math
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor, nn
from tqdm import tqdm

from stages.common import params, tables
from stages.common.command import one_line
from stages.common.messages import BadInput
from stages.common.watch import given, unchanged
from stages.network import launch, machine, scores, tokens, weights
from stages.network.checkpoint import Checkpoint, fingerprint
from stages.network.learner import Learner
from stages.network.tokens import Rows, shuffled


def train(
    name: str, run: params.Run, operands: int, rows: Rows, valid: Rows, checkpoint: Checkpoint
) -> tuple[weights.Trained, list[float]]:
    """The trained network and the seconds of each epoch; raises BadInput if a loss is NaN or infinite."""
    machine.set_precision(run.precision)
    learner = Learner(run, len(rows[0]), rows[0].device)
    if state := launch.shared(checkpoint.load() if launch.first() else None):
        learner.restore(state)
    engine = launch.parallel(learner.model)
    trained = weights.Trained(name, learner.model, operands, learner.history, run.scratchpad)
    for epoch in range(len(learner.history) + 1, run.epochs + 1):
        batches = shuffled(*rows, run.batch_size, seed=(run.seed, epoch), first=learner.step)
        off = None if launch.first() else True  # None: off unless standard error is a terminal
        done = {"initial": learner.step * run.batch_size, "total": len(rows[0])}
        with tqdm(**done, desc=f"{name} {epoch}/{run.epochs}", unit="row", leave=False, disable=off) as bar:
            one_epoch(engine, learner, run, batches, checkpoint, bar)
        scored = learner.end_epoch() | validate(trained, *valid)
        for kind in ("train_loss", "valid_loss"):
            if not math.isfinite(scored[kind]):
                checkpoint.path.unlink(missing_ok=True)  # resuming would end here again
                raise BadInput(f"run {name}: {kind} is {scored[kind]} in epoch {epoch}; a smaller lr may help")
        learner.history.append({"epoch": epoch, **scored})
        if launch.first():
            checkpoint.save(learner.state())
            line = (
                f"{name} {epoch}/{run.epochs}: loss {scored['train_loss']:.4f}, valid {scored['valid_loss']:.4f}, "
                f"exact match {scored['valid_exact_match']:.4f}, {len(rows[0]) / learner.seconds[-1]:,.0f} rows/s"
            )
            tqdm.write(line, file=sys.stderr)
    return trained, learner.seconds


def one_epoch(
    engine: nn.Module, learner: Learner, run: params.Run, batches: Iterator[Rows], checkpoint: Checkpoint, bar: tqdm
) -> None:
    """Take one gradient step per batch on the mean loss of its real tokens; the ranks share each batch."""
    engine.train()
    limit = math.inf if run.grad_clip == "none" else run.grad_clip
    started = time.perf_counter() - learner.elapsed
    for source, answer in batches:
        own, weight = launch.share(len(source))
        with machine.autocast(run.precision, source.device):
            loss, right, tokens = scores.summed_loss(engine(source[own], answer[own]), answer[own])
        sums = launch.total(weight * torch.stack([part.detach().double() for part in (loss, right, tokens)]))
        learner.model.zero_grad()
        # The engine averages gradients over the ranks; times their number gives the sum.
        (loss * weight * launch.ranks() / sums[2].float()).backward()
        clipped = nn.utils.clip_grad_norm_(learner.model.parameters(), limit) > limit
        learner.update()
        learner.totals += torch.cat([sums, clipped.double().view(1)])
        learner.step += 1
        learner.elapsed = time.perf_counter() - started
        bar.update(len(source))
        if launch.first() and checkpoint.due():
            checkpoint.save(learner.state())
    learner.totals = learner.totals.cpu()  # waits for the GPU to finish
    learner.elapsed = time.perf_counter() - started


def validate(trained: weights.Trained, sources: Tensor, answers: Tensor) -> dict[str, float]:
    """Loss, token accuracy and exact match on held-out rows: sources (N, S), answers (N, T)."""
    trained.model.eval()
    own, weight = launch.share(len(sources))
    sources, answers = sources[own], answers[own]
    decoded, _ = scores.decode(trained.model, sources, trained.steps)
    exact = scores.exact(trained.values(decoded), trained.values(answers.cpu()))
    counts = torch.tensor([exact.sum(), len(exact)], dtype=torch.float64)
    sums = torch.cat([scores.token_sums(trained.model, sources, answers), counts]) * weight
    loss, right, tokens, exact, rows = launch.total(sums.to(sources.device)).tolist()
    return {"valid_loss": loss / tokens, "valid_token_accuracy": right / tokens, "valid_exact_match": exact / rows}


def main() -> None:
    parser = argparse.ArgumentParser(description="Train one run's network.")
    parser.add_argument("params", type=Path)
    parser.add_argument("run", help="a name under `runs` of params.yaml")
    parser.add_argument("train", type=given, help="Parquet file to read: training rows")
    parser.add_argument("valid", type=given, help="Parquet file to read: held-out rows")
    parser.add_argument("model", type=Path, help="model file to write")
    parser.add_argument("timing", type=Path, help="JSON file to write")
    parser.add_argument("resume", type=Path, help="folder for checkpoints")
    args = parser.parse_args()

    launch.hand_over("stages.train")
    config, run = params.find(args.params, "runs", args.run)
    with launch.group():
        device = machine.device()
        encoded = [tokens.encode_table(tables.read_table(path), run.scratchpad) for path in (args.train, args.valid)]
        rows, valid = ((sources.to(device), answers.to(device)) for sources, answers in encoded)
        what = fingerprint(run, config.corpus.operands, [args.train, args.valid])
        unchanged()  # the fingerprint must name what was read
        if launch.shared(what) != what:
            raise BadInput("the ranks differ in parameters, tables, code or PyTorch version; make them identical")
        checkpoint = Checkpoint(args.resume, args.run, what)
        if not launch.first():
            train(args.run, run, config.corpus.operands, rows, valid, checkpoint)
            return
        with checkpoint.alone(), tables.outputs(args.model, args.timing) as [model, times]:
            trained, seconds = train(args.run, run, config.corpus.operands, rows, valid, checkpoint)
            weights.save(model, trained)
            tables.write_text(times, json.dumps(machine.timing(seconds, len(rows[0])), indent=2) + "\n")


if __name__ == "__main__":
    with one_line("train"):
        main()
