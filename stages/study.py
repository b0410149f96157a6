"""One study: each of its points is a DVC experiment, and what came out of them a table.

learning_rate, {'lr': 0.01, 'seed': 1}  ->  reports/studies/learning_rate.csv: lr 0.01, seed 1, loss 0.31, …
"""

import argparse
import io
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import pandas as pd

from stages import files, studies
from stages.command import BadInput, one_line

METRICS = "exact_match", "loss", "token_accuracy", "position_accuracy"
TIMING = "seconds_per_epoch", "peak_memory_mib", *studies.MACHINE


def study(metrics: dict, timing: dict, history: pd.DataFrame, reach: float) -> dict:
    """What a row tells of a finished point: its last metrics, and how fast and how steady its curve was.

    `epochs_to_reach` is the first epoch with a validation loss of at most `reach`, infinite where none is;
    `unsteadiness` the standard deviation of that loss' change from epoch to epoch, over the second half.
    """
    loss = history["valid_loss"]
    reached = history.loc[loss <= reach, "epoch"]
    return {
        **{name: metrics[name] for name in METRICS},
        "valid_loss": loss.iloc[-1],
        "valid_exact_match": history["valid_exact_match"].iloc[-1],
        "epochs_to_reach": reached.iloc[0] if len(reached) else float("inf"),
        "unsteadiness": loss.diff().iloc[len(loss) // 2 :].std(),
        "clipped": history["clipped"].mean(),
        **{name: timing[name] for name in TIMING},
    }


def missing(points: list[studies.Point], table: pd.DataFrame) -> list[studies.Point]:
    """The points that the table has no row of."""
    return [point for point in points if studies.label(point) not in set(table["point"])]


class Queue:
    """Experiments of one study in DVC's queue, and what they left in `reports`, the folder of their results."""

    def __init__(self, entry: studies.Study, reports: Path):
        self.entry, self.reports = entry, reports
        self.waiting: dict[str, studies.Point] = {}  # by the experiment's name

    def rows(self, name: str, points: list[studies.Point], workers: int) -> Iterator[dict]:
        """A row for each point as soon as its experiment ends."""
        for number, point in enumerate(points, start=1):
            experiment = f"{name.replace('_', '-')}-{time.time_ns() // 10**6}"
            changes = [word for change in studies.label(point).split() for word in ("--set-param", change)]
            _run("dvc", "exp", "run", "--queue", "--name", experiment, *changes, f"evaluate@{self.entry.run}")
            self.waiting[experiment] = point
            print(f"study: queued {number}/{len(points)}: {studies.label(point)}", file=sys.stderr)
        if not points:
            return
        # Threads of several trainings on the same cores wait for each other.
        threads = {"OMP_NUM_THREADS": str(max(1, (os.cpu_count() or 1) // workers))}
        _run("dvc", "queue", "start", "--jobs", str(workers), env=threads | os.environ, heard=False)
        while self.waiting:
            time.sleep(2)
            lines = [line.split() for line in _run("dvc", "queue", "status").splitlines()]
            states = {words[1]: words[-1] for words in lines if len(words) > 3}  # task, name, when, state
            for experiment in [one for one in self.waiting if states.get(one) not in ("Queued", "Running")]:
                yield self._row(experiment, states.get(experiment))

    def _row(self, experiment: str, state: str | None) -> dict:
        point = self.waiting.pop(experiment)
        row = {"point": studies.label(point), **point}
        if state == "Success":
            commit = _run("git", "for-each-ref", "--format=%(objectname)", f"refs/exps/*/*/{experiment}").strip()
            left = [
                _run("git", "show", f"{commit}:{self.reports.as_posix()}/{kind}/{self.entry.run}{ending}")
                for kind, ending in (("metrics", ".json"), ("timing", ".json"), ("history", ".csv"))
            ]
            found = json.loads(left[0]), json.loads(left[1]), pd.read_csv(io.StringIO(left[2]))
            row |= {"status": "done", **study(*found, self.entry.reach)}
        else:
            said = [line for line in _run("dvc", "queue", "logs", experiment).splitlines() if ": " in line]
            row |= {"status": next((line for line in said if line.startswith("train: ")), f"{state}")}
        self._forget(experiment)
        return row

    def _forget(self, *experiments: str) -> None:
        for command in (("queue", "remove"), ("exp", "remove")):
            _each(command, experiments)

    def drop(self) -> None:
        """Take out of the queue what has not ended."""
        for _ in range(2 if self.waiting else 0):  # the second finds the processes gone, and DVC calls them failed
            _each(("queue", "kill"), self.waiting)
            time.sleep(2)
        self._forget(*self.waiting)


def _each(command: tuple[str, ...], experiments: Iterable[str]) -> None:
    for experiment in experiments:
        with suppress(BadInput):  # it is not there any more, or not yet
            _run("dvc", *command, experiment)


def _run(*command: str, env: dict | None = None, heard: bool = True) -> str:
    """What it printed, if it is heard: what goes on behind its back would keep the line open."""
    line = subprocess.PIPE if heard else subprocess.DEVNULL
    done = subprocess.run(command, stdout=line, stderr=line, text=True, env=env)
    if done.returncode:
        raise BadInput(f"`{' '.join(command)}` failed: {((done.stderr or '').splitlines() or ['exit status'])[-1]}")
    return done.stdout or ""


def main() -> None:
    parser = argparse.ArgumentParser(description="Try those points of a study that have no row yet.")
    parser.add_argument("studies", type=Path)
    parser.add_argument("study", help="a name in it")
    parser.add_argument("reports", type=Path, help="folder of the experiments' results, and of the table to write")
    parser.add_argument("--workers", type=int, default=1, help="experiments at a time")
    args = parser.parse_args()

    entry = studies.find(args.studies, args.study)
    path = args.reports / "studies" / f"{args.study}.csv"
    table = studies.table(path, entry)
    points = missing(studies.points(entry), table)
    queue = Queue(entry, args.reports)
    try:
        for row in queue.rows(args.study, points, args.workers):
            table = pd.DataFrame([*table.to_dict("records"), row], columns=table.columns)
            order = {studies.label(point): number for number, point in enumerate(studies.points(entry))}
            table = table.sort_values("point", key=lambda names: names.map(order), ignore_index=True)
            with files.whole(path) as [draft]:
                files.write_text(draft, table.to_csv(index=False, float_format="%.6g"))
            print(f"study: {row['point']}: {row['status']}, loss {row.get('valid_loss', '-')}", file=sys.stderr)
    finally:
        queue.drop()


if __name__ == "__main__":
    with one_line("study"):
        main()
