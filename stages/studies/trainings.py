"""Studies of trainings: the stages' own commands, with a params.yaml of their own for each point.

{'lr': 0.01, 'seed': 1}  ->  params.yaml with these values; stages.sample, train, evaluate  ->  loss 0.46, …

A trained network is kept, by all that determines it (see `checkpoint.fingerprint`), so that no study trains it twice.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

import joblib
import pandas as pd
import pyarrow.parquet as pq
from ruamel.yaml import YAML

from stages.common import params, tables, watch
from stages.common.messages import BadInput
from stages.network.checkpoint import fingerprint
from stages.studies import design, kept, measures, table

DIVERGED = re.compile(r"_loss is (nan|-?inf) ")  # in `train`'s message; other failures say nothing about the point
OF_DATASET, OF_ROOT = ("sample", "split"), ("sample_seed", "valid_share")  # where a point's key is in params.yaml
TIMING = "seconds_per_epoch", "peak_memory_mib", *table.MACHINE
METRICS = [name for name, one in measures.of(measures.METRICS).items() if measures.TRAININGS in one.tables]
CURVE = ["epoch", "valid_loss", "valid_token_accuracy", "valid_exact_match"]


@dataclass(frozen=True)
class Trained:
    """The files of a trained network, and the params.yaml of its run; the tables last as long as their folder."""

    run: str
    params: Path
    model: Path
    timing: Path
    train: Path
    valid: Path


class Trainings:
    """Trains networks, at most `workers` at a time, from the subsets in the folder `data`; keeps them in `networks`."""

    def __init__(self, path: Path, data: Path, networks: Path, workers: int = 1):
        self.raw, self.data, self.networks = watch.document(path), data, networks
        self.pool = ThreadPoolExecutor(workers)
        self.running: set[subprocess.Popen] = set()
        # Each training has its share of the cores: oversubscribed threads slow each other down
        threads = {"OMP_NUM_THREADS": str(max(1, joblib.cpu_count() // workers))}
        self.environment = threads | os.environ | {"STUDY": "1"}

    def __enter__(self) -> "Trainings":
        return self

    def __exit__(self, *error: object) -> None:
        """Stop what still runs."""
        self.pool.shutdown(wait=False, cancel_futures=True)
        for process in [*self.running]:
            process.terminate()
        self.pool.shutdown()

    def measured(self, study: design.Study, points: list[design.Point], reports: Path, folder: Path) -> Iterator:
        """Each point with its results, as soon as they are there; `folder` is for what the study keeps."""
        waiting = {}
        for point in points:
            minutes = self.minutes(study.run, study.always | point, reports)
            if study.longest and minutes > study.longest:
                yield point, {"status": f"{table.LEFT_OUT}: about {minutes:,.0f} minutes"}
            else:
                waiting[self.pool.submit(self.measure, study, point, folder)] = point
        for ended in as_completed(waiting):
            row, history = ended.result()
            if study.curves and history is not None:
                add_curve(folder / table.CURVES, study, waiting[ended], history)
            yield waiting[ended], row

    def measure(self, study: design.Study, point: design.Point, folder: Path) -> tuple[dict, pd.DataFrame | None]:
        """A point's values by column, and its training curve; only a status and None if it cannot be trained."""
        with tempfile.TemporaryDirectory() as place:
            try:
                trained = self.network(study.run, study.always | point, Path(place))
                outputs = self.evaluate(trained.params, trained.model, trained.valid, trained.train, Path(place))
            except BadInput as error:
                message = str(error)
                return {"status": message if DIVERGED.search(message) else f"{table.LEFT_OUT}: {message}"}, None
            history = pd.read_csv(outputs["history"])
            for name, where in study.keep.items():
                if design.at([point], where):
                    corpus = self.data / "corpus.parquet" if name == study.ships else None
                    shipped = self.data / "models" / f"{folder.name}.safetensors"
                    kept.keep(trained.model, trained.valid, outputs, kept.Place(folder / name, shipped, corpus))
            metrics, timing = (json.loads(path.read_text()) for path in (outputs["metrics"], trained.timing))
        return {"status": table.DONE, **summary(metrics, timing, history, study.reach)}, history

    def network(self, base: str, point: design.Point, place: Path) -> Trained:
        """The network of a point, trained if it is not kept; its tables are in the folder `place`.

        Raises BadInput with the last line that a stage printed before it failed.
        """
        run, dataset, raw = changed(self.raw, base, point)
        path, train, valid = place / "params.yaml", place / "train.parquet", place / "valid.parquet"
        YAML(typ="safe", pure=True).dump(raw, path)
        config, own = params.find(path, "runs", run)
        self.call(point, "sample", path, dataset, self.data / "subsets" / f"{dataset}.parquet", train, valid)
        name = f"{run}-{fingerprint(own, config.corpus.operands, [train, valid])[:16]}"
        model, timing = (self.networks / f"{name}{ending}" for ending in (".safetensors", ".json"))
        if not (model.exists() and timing.exists()):
            self.call(point, "train", path, run, train, valid, model, timing, self.networks)
        return Trained(run, path, model, timing, train, valid)

    def evaluate(self, path: Path, model: Path, rows: Path, train: Path, place: Path) -> dict[str, Path]:
        """The files with a network's answers to rows and with its metrics, by name, in the folder `place`."""
        outputs = {name: place / name for name in ("predictions", "products", "metrics", "history", "plots")}
        words = [word for name, path in outputs.items() for word in (f"--{name}", path)]
        self.call({}, "evaluate", path, model, rows, "--train", train, *words)
        return outputs

    def call(self, point: design.Point, stage: str, *words: object) -> None:
        """Run a stage, and show what it prints; raises BadInput with its last line if it fails."""
        command = [sys.executable, "-m", f"stages.{stage}", *map(str, words)]
        last = f"{stage} failed"
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=self.environment) as process:
            self.running.add(process)
            for line in process.stderr or ():
                last = line.strip() or last
                print(f"study: {design.label(point)}: {last}", file=sys.stderr)
        self.running.discard(process)
        if process.returncode:
            raise BadInput(last)

    def minutes(self, base: str, point: design.Point, reports: Path) -> float:
        """The estimated minutes of a training, from the speed of the most similar run of the pipeline."""
        run, dataset, raw = changed(self.raw, base, point)
        near = [name for name, own in self.raw["runs"].items() if own["dataset"] == dataset] + [base]
        path = reports / "timing" / f"{run if run in near else near[0]}.json"
        subset = self.data / "subsets" / f"{dataset}.parquet"
        with tables.readable(path):
            speed = json.loads(path.read_text())["rows_per_second"]
        with tables.readable(subset):
            rows = pq.read_metadata(subset).num_rows
        sample = raw["datasets"][dataset]["sample"]
        rows = (rows if sample == "all" else sample) * (1 - raw["valid_share"])
        return rows * (raw | raw["runs"][run])["epochs"] / speed / 60


def changed(raw: dict, base: str, point: design.Point) -> tuple[str, str, dict]:
    """The names of a point's run and dataset, and the content of params.yaml with the point's values.

    The run is the base run; if the point names a dataset or a cell, it is DATASET-CELL.
    """
    dataset, cell = (point.get(key, raw["runs"][base][key]) for key in ("dataset", "cell"))
    run = base if {"dataset", "cell"}.isdisjoint(point) else f"{dataset}-{cell}"
    parts: dict[str, dict] = {"dataset": {}, "root": {}, "run": {"dataset": dataset, "cell": cell}}
    for key, value in point.items():
        if key != "name":  # only for the page
            parts["dataset" if key in OF_DATASET else "root" if key in OF_ROOT else "run"][key] = value
    datasets = raw["datasets"] | {dataset: raw["datasets"][dataset] | parts["dataset"]}
    own = raw["runs"].get(run, {}) | parts["run"]
    return run, dataset, raw | parts["root"] | {"datasets": datasets, "runs": {run: own}}


def summary(metrics: dict, timing: dict, history: pd.DataFrame, reach: float) -> dict:
    """A finished training's row: its last metrics, timing, and how fast and how steadily its loss fell.

    `epochs_to_reach` is the first epoch with a validation loss of at most `reach`, infinite if there is none.
    `unsteadiness` is the standard deviation of that loss' change from epoch to epoch, over the second half.
    """
    loss = history["valid_loss"]
    reached = history.loc[loss <= reach, "epoch"]
    return {
        **{name: metrics.get(name) for name in METRICS},
        "epochs_to_reach": reached.iloc[0] if len(reached) else float("inf"),
        "unsteadiness": loss.diff().iloc[len(loss) // 2 :].std(),
        "clipped": history["clipped"].mean(),
        **{name: timing[name] for name in TIMING},
    }


def add_curve(path: Path, study: design.Study, point: design.Point, history: pd.DataFrame) -> None:
    """Put the point's curve into the table at `path`, a row per epoch, instead of an older curve of the point.

    The table keeps the order of the study's points.
    """
    own = history[CURVE].assign(point=design.label(point))
    if path.exists():
        known = pd.read_csv(path)
        own = pd.concat([known[known["point"] != design.label(point)], own])
    order = {design.label(tried): number for number, tried in enumerate(design.points(study))}
    own = own[own["point"].isin(order)].sort_values("point", key=lambda names: names.map(order), kind="stable")
    with tables.atomic(path) as [draft]:
        tables.write_text(draft, own[["point", *CURVE]].to_csv(index=False, float_format="%.6g"))
