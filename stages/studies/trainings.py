"""Studies of trainings: the stages' own commands, with a params.yaml of their own for each point.

{'lr': 0.01, 'seed': 1}  ->  params.yaml with these values; stages.sample, train, evaluate  ->  loss 0.46, …

A trained network is kept, by all that determines it (see `checkpoint.fingerprint`), so that no study trains it twice.
"""

import json
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import as_completed
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
from ruamel.yaml import YAML

from stages.common import params, tables, watch
from stages.common.messages import BadInput
from stages.network.checkpoint import fingerprint
from stages.studies import design, kept, measures, table
from stages.studies.jobs import Jobs

DIVERGED = re.compile(r"_loss is (nan|-?inf) ")  # in `train`'s message; other failures say nothing about the point
OF_DATASET, OF_ROOT = ("sample", "split"), ("sample_seed", "test_share", "valid_share")  # a point's keys in params.yaml
TIMING = "seconds_per_epoch", "peak_memory_mib", *table.MACHINE
METRICS = [name for name, measure in measures.of(measures.METRICS).items() if measures.TRAININGS in measure.tables]
CURVE = ["epoch", "valid_loss", "valid_token_accuracy", "valid_exact_match"]


class Trainings(Jobs):
    """Trains networks, at most `workers` at a time, from the subsets in the folder `data`; keeps them in `networks`."""

    def __init__(self, path: Path, data: Path, networks: Path, workers: int = 1):
        super().__init__(workers, os.environ | {"STUDY": "1"})
        self.raw, self.data, self.networks = watch.document(path), data, networks
        self.folder = tempfile.TemporaryDirectory()

    def __exit__(self, *error: object) -> None:
        super().__exit__(*error)
        self.folder.cleanup()

    def measured(self, study: design.Study, points: list[design.Point], reports: Path, folder: Path) -> Iterator:
        """Each point with its values by column, when it ends; `folder` is for what the study keeps."""
        base, reach = study.run or "", study.reach or 0.0  # this kind of study has both
        waiting = {}
        for point in points:
            changes = study.always | point
            if study.longest and (minutes := self.minutes(base, changes, reports)) > study.longest:
                yield point, {"status": f"{table.LEFT_OUT}: about {minutes:,.0f} minutes"}
            else:
                place = Path(tempfile.mkdtemp(dir=self.folder.name))
                waiting[self.pool.submit(self.evaluated, base, changes, place)] = point, place
        for ended in as_completed(waiting):
            point, place = waiting[ended]
            try:
                files = ended.result()
            except BadInput as error:
                message = str(error)
                yield point, {"status": message if DIVERGED.search(message) else f"{table.LEFT_OUT}: {message}"}
                continue
            metrics, timing = (json.loads(files[name].read_text()) for name in ("metrics", "timing"))
            history = pd.read_csv(files["history"])
            if study.curves:
                add_curve(folder / table.CURVES, study, point, history)
            for name, where in study.keep.items():
                if design.at([point], where):
                    model = self.data / "models" / f"{folder.name}.safetensors"
                    kept.keep(files, folder / name, model if name == study.ships else None)
            yield point, {"status": table.DONE, **summary(metrics, timing, history, reach)}
            shutil.rmtree(place)

    def evaluated(self, base: str, point: design.Point, place: Path) -> dict[str, Path]:
        """The files of `network` and of `evaluate` for a point, by name."""
        files = self.network(base, point, place)
        return files | self.evaluate(files["params"], files["model"], files["valid"], files["train"], place)

    def network(self, base: str, point: design.Point, place: Path) -> dict[str, Path]:
        """A point's params, train, valid, model and timing, trained if not kept; the first three are in `place`."""
        run, dataset, raw = changed(self.raw, base, point)
        path = place / "params.yaml"
        train, valid, test = (place / f"{part}.parquet" for part in ("train", "valid", "test"))
        YAML(typ="safe", pure=True).dump(raw, path)
        config, own = params.find(path, "runs", run)
        self.call("sample", path, dataset, self.data / "subsets" / f"{dataset}.parquet", train, valid, test)
        name = f"{run}-{fingerprint(own, config.corpus.operands, [train, valid])[:16]}"
        model, timing = (self.networks / f"{name}{ending}" for ending in (".safetensors", ".json"))
        if not (model.exists() and timing.exists()):
            outputs = model, place / "film", timing, place / "live", self.networks
            self.call("train", path, run, train, valid, *outputs, shown=design.label(point))
        return {"params": path, "train": train, "valid": valid, "test": test, "model": model, "timing": timing}

    def evaluate(self, path: Path, model: Path, rows: Path, train: Path, place: Path) -> dict[str, Path]:
        """The files with a network's answers to rows and with its metrics, by name, in the folder `place`."""
        outputs = {name: place / name for name in ("predictions", "products", "metrics", "history", "plots")}
        words = [word for name, output in outputs.items() for word in (f"--{name}", output)]
        self.call("evaluate", path, model, rows, "--train", train, *words)
        return outputs

    def call(self, stage: str, *words: object, shown: str = "") -> None:
        """Run a stage; raises BadInput with its last line if it fails. What it prints is shown after `shown`."""
        command = [sys.executable, "-m", f"stages.{stage}", *map(str, words)]
        self.run(command, lambda line: print(f"study: {shown}: {line}", file=sys.stderr) if shown else None)

    def minutes(self, base: str, point: design.Point, reports: Path) -> float:
        """The estimated minutes of a training, from the speed of the most similar run of the pipeline."""
        run, dataset, raw = changed(self.raw, base, point)
        near = [name for name, own in self.raw["runs"].items() if own["dataset"] == dataset] + [base]
        with tables.readable(path := reports / "timing" / f"{run if run in near else near[0]}.json"):
            speed = json.loads(path.read_text())["rows_per_second"]
        with tables.readable(subset := self.data / "subsets" / f"{dataset}.parquet"):
            rows = pq.read_metadata(subset).num_rows
        sample = raw["datasets"][dataset]["sample"]
        rows = (rows if sample == "all" else sample) * (1 - raw["valid_share"] - raw["test_share"])
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
    """Put the point's curve into the table at `path`, a row per epoch, in the order of the study's points."""
    curves = history[CURVE].assign(point=design.label(point))
    if path.exists():
        known = pd.read_csv(path)
        curves = pd.concat([known[known["point"] != design.label(point)], curves])
    order = {design.label(point): number for number, point in enumerate(design.points(study))}
    curves = curves[curves["point"].isin(order)]
    curves = curves.sort_values("point", key=lambda names: names.map(order), kind="stable")
    with tables.atomic(path) as [draft]:
        tables.write_text(draft, curves[["point", *CURVE]].to_csv(index=False, float_format="%.6g"))
