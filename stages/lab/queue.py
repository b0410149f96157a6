"""Studies of trainings: each point is one DVC experiment.

{'lr': 0.01, 'seed': 1}  ->  `dvc exp run --queue -S lr=0.01 -S seed=1 evaluate@single_digit-lstm`  ->  loss 0.46, …
"""

import math
import os
import re
import sys
import time
from collections.abc import Collection, Generator
from contextlib import suppress
from itertools import count
from pathlib import Path

from stages import columns, files, params, studies, study_table
from stages.command import BadInput
from stages.lab import curves, kept, trained
from stages.lab.dvc import call, check_git, error_line, overrides, run, trained_rows, up_to_date
from stages.network import machine

DIVERGED = re.compile(r"_loss is (nan|-?inf) ")  # in `train`'s message; other failures say nothing about the point
STAGES = "generate: ", "subset: ", "sample: ", "train: ", "evaluate: "  # prefixes of their messages
SPEED = {"rows_per_second": columns.number("a number above 0", 1e-9)}
NOBODY = "Worker status: 0 active, 0 idle"
LONGEST_PAUSE = 20.0  # seconds between polls of the queue: each poll takes a core for a second


class Queue:
    """The experiments of one study in DVC's queue; `reports` is the folder of their results."""

    def __init__(self, name: str, entry: studies.Study, config: params.Params, data: Path, reports: Path):
        assert entry.run is not None, "a study of trainings has a run"
        assert entry.reach is not None, "a study of trainings has a reach"
        self.base, self.reach = entry.run, entry.reach
        self.name, self.entry, self.config, self.data, self.reports = name, entry, config, data, reports
        self.waiting: dict[str, studies.Point] = {}  # by the experiment's name

    def rows(self, points: list[studies.Point], workers: int) -> Generator[tuple[studies.Point, dict]]:
        """Each point with its results, as soon as they are there: at once for one that the pipeline itself trains."""
        for number, point in enumerate(points, start=1):
            changes = overrides(self.base, self._whole(point), self.config)
            if not changes and up_to_date(self._target(point)):
                yield point, self._results("HEAD", point)
            elif self.entry.longest and (minutes := self._minutes(point)) > self.entry.longest:
                yield point, {"status": f"{study_table.LEFT_OUT}: about {minutes:,.0f} minutes"}
            else:
                self._add(point, changes)
                print(f"study: queued {number}/{len(points)}: {studies.label(point)}", file=sys.stderr)
        pause, unseen, started = 1.0, set(), -math.inf
        while self.waiting:
            status, states = _states()
            # At the beginning, or when all workers have died; a new worker is listed only after seconds
            if NOBODY in status and "Queued" in map(states.get, self.waiting) and time.monotonic() > started + 30:
                _start(workers)
                started = time.monotonic()
            for experiment in [one for one in self.waiting if states.get(one) not in ("Queued", "Running")]:
                if experiment not in states and experiment not in unseen:
                    unseen.add(experiment)  # on its way from the queue to a worker it is not listed
                    continue
                point = self.waiting[experiment]  # stays in `waiting` until it is out of the queue: see __exit__
                found = self._ended(experiment, point, states.get(experiment))
                del self.waiting[experiment]
                yield point, found
            time.sleep(pause)
            pause = min(1.2 * pause, LONGEST_PAUSE)

    def __enter__(self) -> "Queue":
        check_git()
        _settle()
        return self

    def __exit__(self, *error: object) -> None:
        """Remove unfinished experiments from the queue."""
        for _ in range(2 if self.waiting else 0):  # twice, because DVC marks killed processes as failed only then
            states = _states()[1]
            _all(("queue", "kill"), [one for one in self.waiting if states.get(one) == "Running"])
            time.sleep(2)
        _forget(self.waiting)

    def _whole(self, point: studies.Point) -> studies.Point:
        return self.entry.always | point

    def _target(self, point: studies.Point) -> str:
        return f"evaluate@{run(self.base, self._whole(point), self.config)[0]}"

    def _add(self, point: studies.Point, changes: list[str]) -> None:
        experiment = f"{self.name.replace('_', '-')}-{time.time_ns() // 10**6}"
        words = [word for change in changes for word in ("--set-param", change)]
        call("dvc", "exp", "run", "--queue", "--name", experiment, *words, self._target(point))
        self.waiting[experiment] = point

    def _minutes(self, point: studies.Point) -> float:
        """The estimated minutes of a training, from the speed of the most similar run of the pipeline."""
        point = self._whole(point)
        name, dataset, _ = run(self.base, point, self.config)
        near = [one for one, own in self.config.runs.items() if own.dataset == dataset] + [self.base]
        path = self.reports / "timing" / f"{name if name in near else near[0]}.json"
        speed = columns.read_json(path, SPEED, "`dvc repro` makes it")["rows_per_second"][0]
        subset = sum(map(len, files.batches(self.data / "subsets" / f"{dataset}.parquet")))
        rows = trained_rows(self.base, point, self.config, subset)
        return rows * point.get("epochs", self.config.epochs) / speed / 60

    def _ended(self, experiment: str, point: studies.Point, state: str | None) -> dict:
        if state == "Success":
            commit = call("git", "for-each-ref", "--format=%(objectname)", f"refs/exps/*/*/{experiment}").strip()
            found = self._results(commit or experiment, point)  # if there is no commit, git's error names this
        else:
            log = call("dvc", "queue", "logs", experiment)
            ends = [line for line in log.splitlines() if line.startswith(STAGES)]
            message = ends[-1] if ends else error_line(log) or f"{state}"
            found = {"status": message if DIVERGED.search(message) else f"{study_table.LEFT_OUT}: {message}"}
        _forget([experiment])
        return found

    def _results(self, commit: str, point: studies.Point) -> dict:
        name, dataset, _ = run(self.base, self._whole(point), self.config)
        found = trained.results(commit, name, self.reports)
        if self.entry.curves:
            curves.add(self.reports / "studies" / self.name / curves.FILE, self.entry, point, found[-1])
        for which, place in (self.entry.keep or {}).items():
            if studies.at([point], place):
                model = self.data / "models" / f"{self.name}.safetensors" if which == self.entry.ships else None
                folder = self.reports / "studies" / self.name / which
                kept.keep(commit, name, dataset, found[-1], self.data, kept.Place(folder, model))
        return {"status": study_table.DONE, **trained.summary(*found, self.reach)}


def _states() -> tuple[str, dict[str, str]]:
    """DVC's report on its queue, and the state of each experiment in it, by name."""
    # Parsed as text: `dvc exp show --json` takes as long and does not show dead workers
    status = call("dvc", "queue", "status")
    lines = [line.split() for line in status.splitlines()]
    return status, {words[1]: words[-1] for words in lines if len(words) > 3}  # task, name, when, state


def _forget(experiments: Collection[str]) -> None:
    """Remove experiments from the queue, and the commits of those that have ended."""
    states = _states()[1]
    _all(("queue", "remove"), [one for one in experiments if one in states])
    known = call("git", "for-each-ref", "--format=%(refname:lstrip=-1)", "refs/exps").split()
    _all(("exp", "remove"), [one for one in experiments if one in known])


def _settle() -> None:
    """Wait until earlier workers have ended: they would give this study's trainings another share of the cores."""
    for wait in count():
        if NOBODY in call("dvc", "queue", "status"):
            return
        if wait == 5:
            print("study: waiting for the experiments that already run in DVC's queue", file=sys.stderr)
        time.sleep(1)


def _start(workers: int) -> None:
    """Start workers, each with its share of the cores: oversubscribed threads slow each other down."""
    threads = {"OMP_NUM_THREADS": str(max(1, machine.cores() // workers))}
    call("dvc", "queue", "start", "--jobs", str(workers), env=threads | os.environ)


def _all(command: tuple[str, ...], experiments: list[str]) -> None:
    """One call for all of them: DVC takes a second for each call."""
    if experiments:
        with suppress(BadInput):  # one may have left the queue since
            call("dvc", *command, *experiments)
