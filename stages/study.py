"""Measure the points of one study: a table with a row per point. Without a name, list the studies.

learning_rate, {'lr': 0.01, 'seed': 1}  ->  reports/studies/learning_rate.csv: lr 0.01, seed 1, loss 0.46, …
"""

import argparse
from pathlib import Path

import joblib


def arguments() -> argparse.Namespace:
    """The command line, read before the slow imports."""
    parser = argparse.ArgumentParser(description="Measure the points of a study that have no row yet.")
    parser.add_argument("params", type=Path)
    parser.add_argument("studies", type=Path, help="studies.yaml")
    parser.add_argument("study", help="a name in studies.yaml; without it, the studies are listed", nargs="?")
    parser.add_argument("--data", type=Path, default="data", help="folder of the pipeline's data (default: data)")
    parser.add_argument("--reports", type=Path, default="reports", help="folder of results (default: reports)")
    parser.add_argument("--networks", type=Path, default=".networks", help="folder of trained networks")
    parser.add_argument("--workers", type=int, default=joblib.cpu_count(), help="trainings at once (default: cores)")
    args = parser.parse_args()
    if args.workers < 1:
        parser.error(f"--workers: must be at least 1 (found {args.workers})")
    return args


if __name__ == "__main__":
    ARGUMENTS = arguments()

import sys
from collections.abc import Iterator

import pandas as pd

from stages.common import params, tables
from stages.common.command import one_line
from stages.network import machine
from stages.studies import design, shift, table
from stages.studies.answers import Networks, sampled
from stages.studies.trainings import Trainings

Measured = Iterator[tuple[design.Point, dict]]  # points, each with its values by column


def study(entry: design.Study, rows: pd.DataFrame, measured: Measured) -> Iterator[pd.DataFrame]:
    """Yield the table, a row per point in the order of the points, again after each newly measured point."""
    order = {design.label(point): number for number, point in enumerate(design.points(entry))}
    for point, values in measured:
        row = {"point": design.label(point), **point, **values, "commit": table.commit()}
        rows = pd.DataFrame([*rows.to_dict("records"), row], columns=rows.columns)
        rows = rows.sort_values("point", key=lambda names: names.map(order), ignore_index=True)
        print(f"study: {row['point']}: {row['status']}", file=sys.stderr)
        yield rows


def missing(entry: design.Study, rows: pd.DataFrame) -> list[design.Point]:
    """The points without a row in the table."""
    return [point for point in design.points(entry) if design.label(point) not in set(rows["point"])]


def measure(args: argparse.Namespace, entry: design.Study, points: list[dict], trainings: Trainings) -> Measured:
    """Each point with its values, and with the processor; a training names more of its machine."""
    if entry.kind == "trainings":
        yield from trainings.measured(entry, points, args.reports, args.reports / "studies" / args.study)
        return
    networks = Networks(args.params, args.data, trainings)
    for point in points:
        if entry.kind == "answers":
            values = networks.ask(point)
        else:
            one, other = (sampled(args.data, point[name]).to_pandas() for name in ("one", "other"))
            values = {"status": table.DONE} | shift.compare(one, other, point["of"])
        yield point, values | {"processor": machine.processor()}


def listing(studies: dict[str, design.Study], folder: Path) -> Iterator[str]:
    """A line for each study: how many of its points have a row, and whether its code has changed since."""
    for name, entry in studies.items():
        path, points = folder / f"{name}.csv", design.points(entry)
        measured = len(points) - len(missing(entry, table.read(path, entry)))
        changed = table.outdated(path, entry.kind) if measured else None
        age = f"  older than its code ({changed})" if changed else ""
        yield f"{name:<20} {measured:>3} of {len(points):>3} points  {entry.question}{age}"


def main(args: argparse.Namespace) -> None:
    if not args.study:
        print(*listing(design.read(args.studies), args.reports / "studies"), sep="\n")
        return
    entry = design.find(args.studies, args.study, params.read(args.params))
    path = args.reports / "studies" / f"{args.study}.csv"
    rows = table.read(path, entry)
    rows = rows[~rows["status"].astype(str).str.startswith(table.LEFT_OUT)]  # there may be time now
    if not (points := missing(entry, rows)):
        print("study: nothing to do: all points already have results", file=sys.stderr)
        return
    with Trainings(args.params, args.data, args.networks, args.workers) as trainings:
        for measured in study(entry, rows, measure(args, entry, points, trainings)):
            with tables.atomic(path) as [draft]:
                tables.write_text(draft, measured.to_csv(index=False, float_format="%.6g"))


if __name__ == "__main__":
    with one_line("study"):
        main(ARGUMENTS)
