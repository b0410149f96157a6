"""Tables, figures and a page of all runs of params.yaml, out of what `train` and `evaluate` left.

reports/metrics/full-lstm.json, …  ->  | full-lstm | 0.0699 | 1.06 | …   in reports/report.md
"""

import argparse
import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from stages import figures, files, grammar, params
from stages.command import BadInput, one_line
from stages.original import REPORTED

END = "end"  # stands for <eos> in the table of digits

# What the files of `train` and `evaluate` must hold for the page
CURVES = {"epoch", *(f"{part}_{measure}" for part in ("train", "valid") for measure in figures.PANELS)}
METRICS = {"exact_match", "token_accuracy", "position_accuracy", "loss", "train_loss"}
TIMING = {"seconds_per_epoch", "device", "threads", "processes", "torch"}


def report(
    curves: pd.DataFrame, metrics: pd.DataFrame, timing: pd.DataFrame, predictions: pd.DataFrame
) -> tuple[dict[str, pd.DataFrame], dict[str, Figure], str]:
    """Plot tables by name, figures by name, and the page as Markdown.

    Every table has the columns run, dataset and cell in front; `curves` is a row an epoch, `metrics` and `timing`
    are a row a run, `predictions` a row an answered expression.
    """
    plots = {"curves": curves, "exact_match": metrics, "digits": digits(predictions)}
    drawn = {"runs": figures.all_runs(curves)}
    for dataset, rows in curves.groupby("dataset", sort=False):
        if rows["cell"].nunique() > 1:
            drawn[f"cells-{dataset}"] = figures.cells(rows, timing.set_index("run")["seconds_per_epoch"], dataset)
    drawn["templates"] = figures.templates(by_template(predictions))
    for run, history in curves.groupby("run", sort=False):
        drawn[f"curves-{run}"] = figures.curves(history, run)
    return plots, drawn, page(results(metrics, timing), predictions, list(drawn), on(timing))


def results(metrics: pd.DataFrame, timing: pd.DataFrame) -> pd.DataFrame:
    """A row for each run, its figures beside the original report's for that dataset."""
    reported = pd.DataFrame.from_dict(REPORTED, orient="index").reindex(metrics["dataset"]).fillna("")
    shown = metrics[["run", "exact_match", "token_accuracy", "position_accuracy", "loss", "train_loss"]]
    shown = shown.map(lambda value: f"{value:.4f}" if isinstance(value, float) else value)
    shown.insert(4, "report's accuracy", reported["accuracy"].to_numpy())
    shown.insert(6, "report's loss", reported["loss"].to_numpy())
    shown["seconds an epoch"] = timing["seconds_per_epoch"].map("{:.1f}".format)
    return shown.rename(columns=lambda name: name.replace("_", " "))


def on(timing: pd.DataFrame) -> str:
    """The machines of the timings: 'cpu, processes 1, threads 2, torch 2.13.0'."""
    machines = (
        f"{row.device}, processes {row.processes}, threads {row.threads}, torch {row.torch}"
        for row in timing.itertuples()
    )
    return "; ".join(dict.fromkeys(machines))


def digits(predictions: pd.DataFrame) -> pd.DataFrame:
    """How often each run answered each right character with which, place by place.

    `share` is that of all the run's places with this right character. `end` stands for `<eos>`.
    """
    right, predicted = ([[*text, END] for text in predictions[column].astype(str)] for column in ("tgt", "predicted"))
    pairs = [
        (run, char, answer[place] if place < len(answer) else END)
        for run, known, answer in zip(predictions["run"], right, predicted, strict=True)
        for place, char in enumerate(known)
    ]
    counts = pd.DataFrame(pairs, columns=["run", "right", "predicted"]).value_counts().rename("count").reset_index()
    counts["share"] = counts["count"] / counts.groupby(["run", "right"])["count"].transform("sum")
    return counts.sort_values(["run", "right", "predicted"])


def by_template(predictions: pd.DataFrame) -> pd.DataFrame:
    """Exact match by template (rows, in the corpus' order) and run (columns); NaN where a run has no such row."""
    shares = predictions.groupby(["template", "run"], observed=True)["correct"].mean().unstack()
    return shares.reindex(index=grammar.TEMPLATES, columns=predictions["run"].unique())


def answers(predictions: pd.DataFrame) -> pd.DataFrame:
    """Ten rows of one run, the first right and the first wrong ones: five of each where there are as many."""
    correct = predictions["correct"]
    right = max(5, 10 - int((~correct).sum()))
    chosen = pd.concat([predictions[correct].head(right), predictions[~correct]]).head(10)
    return pd.DataFrame(
        {
            "expression": "`" + chosen["src"] + "`",
            "true": chosen["tgt"].astype(str),
            "answer": ("`" + chosen["predicted"] + "`").replace("``", "(nothing)"),
            "": chosen["correct"].map({True: "right", False: "**wrong**"}),
            "probability": chosen["probability"].map("{:.2f}".format),
        }
    )


def page(table: pd.DataFrame, predictions: pd.DataFrame, drawn: list[str], machines: str) -> str:
    """The Markdown page: the results, every drawn figure by name, and ten answers of each run."""
    parts = [
        "# Results",
        "Every number is of a run's validation rows, decoded greedily. *Exact match* is the share of answers right to "
        "the last character. *Loss* (nats) and *token accuracy* count the answer's characters and its `<eos>`, no "
        "padding. *Position accuracy* also counts the padding behind the answer: the reading closest to the original "
        "report's accuracy. The report's loss most likely counted padding, so it is shown here but cannot be compared. "
        "Its figures stand beside every run on the same dataset. "
        f"Seconds an epoch are those of the pass over the training rows, on {machines}.",
        _markdown(table),
        *(f"![{name}](figures/{name}.svg)" for name in drawn),
        "## Ten answers of each run",
        "The first right and the first wrong ones of its validation rows, and the probability it gave its answer.",
    ]
    for run, rows in predictions.groupby("run", sort=False):
        parts += [f"### {run}", _markdown(answers(rows))]
    return "\n\n".join(parts) + "\n"


def gather(folder: Path, suffix: str, runs: dict[str, params.Run], read: Callable, needs: set[str]) -> pd.DataFrame:
    """The tables that `read` makes of each run's file, one below the other, with run, dataset and cell in front.

    Raises BadInput for a file that is missing, cannot be read or lacks a column that it needs.
    """
    tables = []
    for name, run in runs.items():
        path = folder / f"{name}{suffix}"
        try:
            table = read(path)
        except FileNotFoundError as error:
            raise BadInput(f"{path}: no such file; `dvc repro` makes it") from error
        except ValueError as error:
            raise BadInput(f"{path}: cannot be read ({error}); make it again") from error
        if missing := needs - set(table.columns):
            raise BadInput(f"{path}: lacks {', '.join(sorted(missing))}; make it again")
        tables.append(pd.DataFrame({"run": name, "dataset": run.dataset, "cell": run.cell}, table.index).join(table))
    return pd.concat(tables, ignore_index=True)


def _markdown(table: pd.DataFrame) -> str:
    return table.to_markdown(index=False, disable_numparse=True)


def main() -> None:
    parser = argparse.ArgumentParser(description="Set the results of all runs together.")
    parser.add_argument("params", type=Path)
    for name in ("history", "metrics", "timing", "predictions"):
        parser.add_argument(name, type=Path, help="folder to read, a file for each run")
    for name in ("plots", "figures"):
        parser.add_argument(name, type=Path, help="folder to write")
    parser.add_argument("page", type=Path, help="Markdown file to write")
    args = parser.parse_args()

    runs = params.read(args.params).runs
    plots, drawn, text = report(
        gather(args.history, ".csv", runs, pd.read_csv, CURVES),
        gather(args.metrics, ".json", runs, _read_json, METRICS),
        gather(args.timing, ".json", runs, _read_json, TIMING),
        gather(args.predictions, ".parquet", runs, _read_predictions, set(files.PREDICTIONS.names)),
    )
    texts = {args.page: text}
    for name, table in plots.items():
        texts[args.plots / f"{name}.csv"] = table.to_csv(index=False, float_format="%.6f")
    for name, figure in drawn.items():
        texts[args.figures / f"{name}.svg"] = figures.svg(figure)
    with files.whole(*texts) as drafts:
        for draft, content in zip(drafts, texts.values(), strict=True):
            files.write_text(draft, content)


def _read_json(path: Path) -> pd.DataFrame:
    return pd.DataFrame([json.loads(path.read_text(encoding="utf-8"))])


def _read_predictions(path: Path) -> pd.DataFrame:
    return files.read_table(path, files.PREDICTIONS).to_pandas()


if __name__ == "__main__":
    with one_line("report"):
        main()
