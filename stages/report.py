"""Write the page from the results of the other stages.

reports/metrics/full-lstm.json, …  ->  reports/index.html
"""

import argparse
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from stages.common import params, tables
from stages.common.command import one_line
from stages.common.watch import given
from stages.network import CALCULATOR
from stages.page import inputs, seeds
from stages.page.calculator import calculator
from stages.page.render import render
from stages.page.results import Results, count
from stages.page.whole import Whole
from stages.studies import design
from stages.studies.table import CURVES, DONE, read

FOLDERS = "subsets", "samples", "history", "metrics", "timing", "predictions", "products", "studies"


def gather(runs: dict[str, params.Run], read: Callable[[str], pd.DataFrame]) -> pd.DataFrame:
    """The tables that `read` returns for each run's name, concatenated; run, dataset and cell are the first columns."""
    tables = []
    for name, run in runs.items():
        table = read(name)
        tables.append(pd.DataFrame({"run": name, "dataset": run.dataset, "cell": run.cell}, table.index).join(table))
    return pd.concat(tables, ignore_index=True)


def networks(folder: Path, study: design.Study, table: pd.DataFrame) -> tuple[dict[str, Whole], str | None]:
    """What a study kept of each point that it has trained, by name, and the name of the one that ships."""
    wholes = {}
    for name, place in study.keep.items():
        (point,) = design.at(design.points(study), place)
        row = table[(table["point"] == design.label(point)) & (table["status"] == DONE)]
        if not row.empty:
            wholes[name] = Whole(name, point, row.iloc[0], *inputs.kept(folder / name))
    return wholes, study.ships if study.ships in wholes else None


def main() -> None:
    parser = argparse.ArgumentParser(description="Write the page with the results of all runs.")
    parser.add_argument("params", type=Path)
    parser.add_argument("questions", type=given, help="studies.yaml")
    for name in FOLDERS:
        parser.add_argument(f"--{name}", type=given, required=True, help="folder to read")
    parser.add_argument("--page", type=Path, required=True, help="HTML file to write")
    args = parser.parse_args()

    config = params.read(args.params)
    entries = design.read(args.questions)
    known = {
        name: (study, table)
        for name, study in entries.items()
        if len(table := read(args.studies / f"{name}.csv", study))
    }
    folder = args.studies / CALCULATOR
    wholes, shipped = networks(folder, *known[CALCULATOR]) if CALCULATOR in known else ({}, None)
    ships = entries[CALCULATOR].ships if CALCULATOR in entries else None
    network = folder / (ships or "") / "network.safetensors"
    curves = args.studies / seeds.STUDY / CURVES
    results = Results(
        config,
        {
            name: count(
                tables.batches(args.subsets / f"{name}.parquet"),
                len(tables.read_table(args.samples / name / "train.parquet")),
            )
            for name in config.datasets
            if name in {run.dataset for run in config.runs.values()}
        },
        gather(config.runs, lambda name: inputs.csv(args.history / f"{name}.csv")),
        gather(config.runs, lambda name: inputs.row(args.metrics / f"{name}.json")),
        gather(config.runs, lambda name: inputs.row(args.timing / f"{name}.json")),
        gather(config.runs, lambda name: inputs.answers(args.predictions / f"{name}.parquet")),
        gather(config.runs, lambda name: inputs.answers(args.products / f"{name}.parquet")),
        known,
        wholes,
        shipped,
        calculator(network, wholes[shipped] if shipped else None),
        inputs.csv(curves) if seeds.STUDY in known and curves.exists() else None,
    )
    with tables.outputs(args.page) as [draft]:
        tables.write_text(draft, render(results))


if __name__ == "__main__":
    with one_line("report"):
        main()
