"""One page and the tables of `dvc plots`, out of what the other stages left.

reports/metrics/full-lstm.json, …  ->  reports/index.html, reports/plots/exact_match.csv
"""

import argparse
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pandas as pd

from stages import files, params, studies
from stages.command import BadInput, one_line
from stages.page import failures, learning
from stages.page.counts import count
from stages.page.kept import Whole
from stages.page.results import Results
from stages.page.web import page
from stages.sources import given

# … and those of what a study keeps
KEPT = {
    "history": {"epoch", "valid_exact_match"},
    "kinds": {"template", "length", "rows", "right"},
    "mistakes": set(files.PREDICTIONS.names) - {"correct"},
}

CALCULATOR = "calculator"  # the study whose network was trained on nine tenths of all expressions

# What the files of `train` and `evaluate` must hold
CURVES = {
    "epoch",
    "valid_exact_match",
    *(f"{part}_{name}" for part in ("train", "valid") for name in learning.MEASURES),
}
METRICS = {"exact_match", "token_accuracy", "position_accuracy", "loss", "train_loss", "parameters"}
TIMING = {"seconds_per_epoch", "device", "threads", "processes", "torch"}


def report(results: Results) -> tuple[dict[str, pd.DataFrame], str]:
    """Tables for `dvc plots` by name, and the page as HTML."""
    plots = {"curves": results.curves, "exact_match": results.metrics, "digits": digits(results.predictions)}
    return plots, page(results)


def digits(predictions: pd.DataFrame) -> pd.DataFrame:
    """How often each run answered each right character with which, place by place.

    `share` is that of all the run's places with this right character. `end` stands for `<eos>`.
    """
    places = failures.by_place(predictions)
    counts = places[["run", "right", "predicted"]].value_counts().rename("count").reset_index()
    counts["share"] = counts["count"] / counts.groupby(["run", "right"])["count"].transform("sum")
    return counts.sort_values(["run", "right", "predicted"])


def gather(folder: Path, suffix: str, runs: dict[str, params.Run], read: Callable, needs: set[str]) -> pd.DataFrame:
    """The tables that `read` makes of each run's file, one below the other, with run, dataset and cell in front.

    Raises BadInput as `checked` does.
    """
    made = []
    for name, run in runs.items():
        table = checked(folder / f"{name}{suffix}", read, needs, "`dvc repro` makes it")
        made.append(pd.DataFrame({"run": name, "dataset": run.dataset, "cell": run.cell}, table.index).join(table))
    return pd.concat(made, ignore_index=True)


def checked(path: Path, read: Callable, needs: set[str], remedy: str) -> pd.DataFrame:
    """What `read` makes of the file; raises BadInput where it is missing, cannot be read or lacks a column."""
    try:
        table = read(path)
    except FileNotFoundError as error:
        raise BadInput(f"{path}: no such file; {remedy}") from error
    except ValueError as error:
        raise BadInput(f"{path}: cannot be read ({error}); make it again") from error
    if missing := needs - set(table.columns):
        raise BadInput(f"{path}: lacks {', '.join(sorted(missing))}; make it again")
    return table


def kept(folder: Path, study: studies.Study, table: pd.DataFrame) -> Whole | None:
    """What that study kept of a point; None where the point was not trained. Raises BadInput as `checked` does."""
    (point,) = studies.at(studies.points(study), study.keep)
    row = table[(table["point"] == studies.label(point)) & (table["status"] == studies.DONE)]
    if row.empty:
        return None
    # As text what may be empty, or look like a number
    read = partial(pd.read_csv, dtype={"src": str, "predicted": str, "template": str}, keep_default_na=False)
    remedy = f"`git checkout {folder}` brings it back"
    tables = [checked(folder / f"{name}.csv", read, needs, remedy) for name, needs in KEPT.items()]
    return Whole(point, row.iloc[0], *tables)


def main() -> None:
    parser = argparse.ArgumentParser(description="Set the results of all runs together.")
    parser.add_argument("params", type=Path)
    parser.add_argument("studies", type=given, help="studies.yaml")
    parser.add_argument("subsets", type=given, help="folder to read, a file for each dataset")
    parser.add_argument("samples", type=given, help="folder to read, a folder for each dataset")
    for name in ("history", "metrics", "timing", "predictions", "products"):
        parser.add_argument(name, type=given, help="folder to read, a file for each run")
    parser.add_argument("trials", type=given, help="folder to read, a file for each study that has been tried")
    parser.add_argument("plots", type=Path, help="folder to write")
    parser.add_argument("page", type=Path, help="HTML file to write")
    args = parser.parse_args()

    config = params.read(args.params)
    used = {run.dataset for run in config.runs.values()}
    answers = set(files.PREDICTIONS.names)
    trials = {
        name: (study, table)
        for name, study in studies.read(args.studies).items()
        if len(table := studies.table(args.trials / f"{name}.csv", study))
    }
    results = Results(
        config,
        {
            name: count(files.batches(args.subsets / f"{name}.parquet"), _rows(args.samples / name / "train.parquet"))
            for name in config.datasets
            if name in used
        },
        gather(args.history, ".csv", config.runs, pd.read_csv, CURVES),
        gather(args.metrics, ".json", config.runs, _read_json, METRICS),
        gather(args.timing, ".json", config.runs, _read_json, TIMING),
        gather(args.predictions, ".parquet", config.runs, _read_answers, answers),
        gather(args.products, ".parquet", config.runs, _read_answers, answers),
        trials,
        kept(args.trials / CALCULATOR, *trial) if (trial := trials.get(CALCULATOR)) and trial[0].keep else None,
    )
    plots, html = report(results)
    texts = {args.page: html}
    for name, table in plots.items():
        texts[args.plots / f"{name}.csv"] = table.to_csv(index=False, float_format="%.6f")
    with files.outputs(*texts) as drafts:
        for draft, content in zip(drafts, texts.values(), strict=True):
            files.write_text(draft, content)


def _rows(path: Path) -> int:
    return sum(len(batch) for batch in files.batches(path))


def _read_json(path: Path) -> pd.DataFrame:
    return pd.DataFrame([json.loads(path.read_text(encoding="utf-8"))])


def _read_answers(path: Path) -> pd.DataFrame:
    return files.read_table(path, files.PREDICTIONS).to_pandas()


if __name__ == "__main__":
    with one_line("report"):
        main()
