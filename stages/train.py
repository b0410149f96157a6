"""Train one run's network: rows in, weights, film and training curve out.

train.parquet, valid.parquet  ->  data/models/full-lstm.safetensors, data/film/…, reports/timing/full-lstm.json

While it runs, reports/live/full-lstm.csv grows by a line per epoch.
"""

import argparse
from pathlib import Path


def arguments() -> argparse.Namespace:
    """The command line, read before the slow imports."""
    parser = argparse.ArgumentParser(description="Train one run's network.")
    parser.add_argument("params", type=Path)
    parser.add_argument("run", help="a name under `runs` of params.yaml")
    parser.add_argument("train", type=Path, help="Parquet file to read: training rows")
    parser.add_argument("valid", type=Path, help="Parquet file to read: held-out rows")
    parser.add_argument("model", type=Path, help="model file to write")
    parser.add_argument("film", type=Path, help="Parquet file to write: answers during the training")
    parser.add_argument("timing", type=Path, help="JSON file to write")
    parser.add_argument("live", type=Path, help="CSV file that grows by a line per epoch")
    parser.add_argument("resume", type=Path, help="folder for checkpoints")
    return parser.parse_args()


if __name__ == "__main__":
    ARGUMENTS = arguments()

import json
import math
import sys
import time
from collections.abc import Iterator
from functools import partial

import pyarrow as pa
import torch
from torch import nn
from tqdm import tqdm

from stages.common import params, tables
from stages.common.command import one_line
from stages.common.messages import BadInput
from stages.common.watch import given, unchanged
from stages.network import launch, machine, scores, tokens, weights
from stages.network.checkpoint import Checkpoint, fingerprint
from stages.network.drawing import Drawn, draw
from stages.network.film import Film, within
from stages.network.learner import Learner
from stages.network.tokens import Rows


def train(
    name: str, run: params.Run, operands: int, rows: Drawn, held_out: pa.Table, checkpoint: Checkpoint, live: Path
) -> tuple[weights.Trained, Film, list[float]]:
    """The trained network, its film and the seconds of each epoch; raises BadInput if a loss is NaN or infinite."""
    machine.set_precision(run.precision)
    learner = Learner(run, rows.rows, rows.sources.device)
    if state := launch.shared(checkpoint.load() if launch.first() else None):
        learner.restore(state)
    engine = launch.parallel(learner.model)
    trained = weights.Trained(name, learner.model, operands, learner.history, run.scratchpad)
    film = Film(trained, held_out, run.seed, learner.frames)
    encodings = tokens.encode_steps, tokens.encode_table  # for the loss, and for exact match
    steps, asked = (tokens.on(learner.device, encode(held_out, run.scratchpad)) for encode in encodings)
    if launch.first():
        begin(live, name, learner)
    while (epoch := len(learner.history) + 1) <= run.epochs and not learner.stale():
        batches = rows.batches(run.batch_size, seed=(run.seed, epoch), first=learner.step)
        off = None if launch.first() else True  # None: off unless standard error is a terminal
        done = {"initial": learner.step * run.batch_size, "total": rows.rows}
        with tqdm(**done, desc=f"{name} {epoch}/{run.epochs}", unit="row", leave=False, disable=off) as bar:
            one_epoch(engine, learner, run, batches, checkpoint, film, bar)
        scored = learner.end_epoch() | validate(trained, steps, asked)
        for kind in ("train_loss", "valid_loss"):
            if not math.isfinite(scored[kind]):
                checkpoint.path.unlink(missing_ok=True)  # resuming would end here again
                raise BadInput(f"run {name}: {kind} is {scored[kind]} in epoch {epoch}; a smaller lr may help")
        learner.history.append({"epoch": epoch, **scored})
        learner.remember()
        if launch.first():
            film.after_epoch(epoch)
            checkpoint.save(learner.state())
            add(live, learner.history[-1])
            line = (
                f"{name} {epoch}/{run.epochs}: loss {scored['train_loss']:.4f}, valid {scored['valid_loss']:.4f}, "
                f"exact match {scored['valid_exact_match']:.4f}, {rows.rows / learner.seconds[-1]:,.0f} rows/s"
            )
            tqdm.write(f"{line}  {film.samples(epoch)}", file=sys.stderr)
    learner.finish()
    return trained, film, learner.seconds


def one_epoch(
    engine: nn.Module,
    learner: Learner,
    run: params.Run,
    batches: Iterator[Rows],
    checkpoint: Checkpoint,
    film: Film,
    bar: tqdm,
) -> None:
    """Take one gradient step per batch on the mean loss of its real tokens; the ranks share each batch."""
    engine.train()
    limit = math.inf if run.grad_clip == "none" else run.grad_clip
    asked = within(bar.total, run.batch_size) if launch.first() and not learner.history else {}
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
        if learner.step in asked:
            film.ask(asked[learner.step], *film.rows)
            started = time.perf_counter() - learner.elapsed  # an epoch's seconds are without the film's
        if launch.first() and checkpoint.due():
            checkpoint.save(learner.state())
    learner.totals = learner.totals.cpu()  # waits for the GPU to finish
    learner.elapsed = time.perf_counter() - started


def validate(trained: weights.Trained, steps: Rows, asked: Rows) -> dict[str, float]:
    """Loss and token accuracy of the `steps`, and exact match of what is `asked`: sources and answers of each."""
    trained.model.eval()
    own, weight = launch.share(len(steps[0]))
    losses = scores.token_sums(trained.model, *(ids[own] for ids in steps)) * weight
    own, weight = launch.share(len(asked[0]))
    sources, answers = (ids[own] for ids in asked)
    decoded, _ = scores.decode(trained, sources)
    exact = scores.exact(trained.values(decoded), trained.values(answers.cpu()))
    counts = torch.tensor([exact.sum(), len(exact)], dtype=torch.float64) * weight
    loss, right, tokens, exact, rows = launch.total(torch.cat([losses, counts]).to(sources.device)).tolist()
    return {"valid_loss": loss / tokens, "valid_token_accuracy": right / tokens, "valid_exact_match": exact / rows}


def begin(live: Path, name: str, learner: Learner) -> None:
    """Cut the live curve back to the finished epochs, and say where a resumed training is."""
    live.parent.mkdir(parents=True, exist_ok=True)
    live.unlink(missing_ok=True)
    for scored in learner.history:
        add(live, scored)
    if learner.history or learner.step:
        print(f"{name}: resumed after epoch {len(learner.history)}, step {learner.step}", file=sys.stderr)


def add(live: Path, scored: dict[str, float]) -> None:
    """Add an epoch to the live curve, below the names of its columns."""
    names = "" if live.exists() else ",".join(scored) + "\n"
    with live.open("a") as file:
        file.write(names + ",".join(f"{value:.6g}" for value in scored.values()) + "\n")


def main(args: argparse.Namespace) -> None:
    launch.hand_over("stages.train")
    config, run = params.find(args.params, "runs", args.run)
    operands, read = config.corpus.operands, [given(args.train), given(args.valid)]
    with launch.group():
        device = machine.device(threads=1)  # then the bytes do not depend on the number of cores
        rows = draw(tables.read_table(args.train), run).to(device)
        held_out = tables.read_table(args.valid)
        what = fingerprint(run, operands, read)
        beginning = fingerprint(run, operands, read, beginning=True)
        unchanged()  # the fingerprints must name what was read
        if launch.shared(what) != what:
            raise BadInput("the ranks differ in parameters, tables, code or PyTorch version; make them identical")
        checkpoint = Checkpoint(args.resume, args.run, beginning, run.epochs)
        training = partial(train, args.run, run, operands, rows, held_out, checkpoint, args.live)
        if not launch.first():
            training()
            return
        with checkpoint.alone(), tables.outputs(args.model, args.film, args.timing) as [model, film, times]:
            trained, filmed, seconds = training()
            weights.save(model, trained)
            tables.write_table(film, filmed.table())
            tables.write_text(times, json.dumps(machine.timing(seconds, rows.rows), indent=2) + "\n")


if __name__ == "__main__":
    with one_line("train"):
        main(ARGUMENTS)
