"""Measure the points of one study: a table with a row per point.

learning_rate, {'lr': 0.01, 'seed': 1}  ->  reports/studies/learning_rate.csv: lr 0.01, seed 1, loss 0.46, …
"""

import argparse
import sys
from collections.abc import Callable, Generator
from contextlib import closing
from functools import partial
from pathlib import Path

import pandas as pd

from stages import files, params, studies, study_table
from stages.command import BadInput, one_line
from stages.lab import shift
from stages.lab.answers import Networks, sampled
from stages.lab.dvc import commit
from stages.lab.networks import models
from stages.lab.queue import Queue
from stages.network import machine

Found = tuple[studies.Point, dict]  # a point and its results


def study(
    entry: studies.Study, table: pd.DataFrame, find: Callable[[list[studies.Point]], Generator[Found]]
) -> Generator[pd.DataFrame]:
    """Yield the table, a row per point in the order of the points, again after each newly measured point."""
    order = {studies.label(point): number for number, point in enumerate(studies.points(entry))}
    table = table[~table["status"].astype(str).str.startswith(study_table.LEFT_OUT)]  # there may be time now
    missing = [point for point in studies.points(entry) if studies.label(point) not in set(table["point"])]
    if not missing:
        print("study: nothing to do: all points already have results", file=sys.stderr)
        return
    with closing(find(missing)) as rows:
        for point, found in rows:
            row = {"point": studies.label(point), **point, **found}
            table = pd.DataFrame([*table.to_dict("records"), row], columns=table.columns)
            table = table.sort_values("point", key=lambda names: names.map(order), ignore_index=True)
            print(f"study: {row['point']}: {row['status']}", file=sys.stderr)
            yield table


def _with_origin(kind: str, rows: Generator[Found]) -> Generator[Found]:
    """The rows, with the commit and the code's hash from before the first point."""
    origin = dict(zip(study_table.ORIGIN, (commit(), study_table.fingerprint(kind)), strict=True))
    if kind != "trainings":  # a training's timing already names the processor
        origin["processor"] = machine.processor()
    with closing(rows):
        for point, found in rows:
            yield point, found | origin


def find(args: argparse.Namespace, entry: studies.Study, points: list[studies.Point]) -> Generator[Found]:
    """Yield each point with its results, by the study's kind."""
    match entry.kind:
        case "trainings" if entry.code:
            raise BadInput(f"{args.studies}: {args.study}: needs the code of commit {entry.code}; check it out first")
        case "trainings":
            config = params.read(args.params)
            if entry.ships and args.study in config.runs:
                raise BadInput(
                    f"{args.studies}: {args.study}: would overwrite the weights of the run of this name; rename one"
                )
            with Queue(args.study, entry, config, args.data, args.reports) as queue:
                yield from _with_origin(entry.kind, queue.rows(points, args.workers))
        case "answers":
            with models(points, params.read(args.params), args.data) as model:
                networks = Networks(args.params, args.data, model)
                yield from _with_origin(entry.kind, ((point, networks.ask(point)) for point in points))
        case "shift":
            yield from _with_origin(entry.kind, ((point, _shift(args.data, point)) for point in points))


def _shift(data: Path, point: studies.Point) -> dict:
    one, other = (sampled(data, point[name]).to_pandas() for name in ("one", "other"))
    return {"status": study_table.DONE, **shift.compare(one, other, point["of"])}


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the points of a study that have no row yet.")
    parser.add_argument("params", type=Path)
    parser.add_argument("studies", type=Path, help="studies.yaml")
    parser.add_argument("study", help="a name in studies.yaml")
    parser.add_argument("data", type=Path, help="folder to read: the pipeline's data")
    parser.add_argument("reports", type=Path, help="folder of the runs' results; the table goes to its folder studies")
    parser.add_argument("--workers", type=int, default=1, help="trainings at the same time (default: %(default)s)")
    args = parser.parse_args()
    if args.workers < 1:
        parser.error(f"--workers: must be at least 1 (found {args.workers})")

    entry = studies.find(args.studies, args.study, params.read(args.params))
    path = args.reports / "studies" / f"{args.study}.csv"
    tables = study(entry, study_table.read(path, entry), partial(find, args, entry))
    with closing(tables):
        for table in tables:
            with files.atomic(path) as [draft]:
                files.write_text(draft, table.to_csv(index=False, float_format="%.6g"))


if __name__ == "__main__":
    with one_line("study"):
        main()
