"""The networks that a study asks: the pipeline's, and those that DVC trains with another seed or has in its run cache.

{'run': 'full-lstm', 'seed': 42}  ->  data/models/full-lstm.safetensors
{'run': 'full-lstm', 'seed': 1}   ->  `dvc exp run --temp -S seed=1 train@full-lstm`  ->  a copy of its model file
"""

import json
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

from stages import params, studies
from stages.lab.dvc import call, check_git, overrides

Find = Callable[[str, int | None], Path]
RUNNING = Path(".dvc/tmp/exps/standalone/run")  # DVC's records of experiments in temporary folders


@contextmanager
def models(points: list[studies.Point], config: params.Params, data: Path) -> Iterator[Find]:
    """A function from a run and a seed (None: the run's own) among the points to the network's model file.

    Another seed's model is fetched when it is first asked for, and deleted at the end. Raises BadInput if DVC would
    lose an experiment.
    """
    networks = dict.fromkeys((point["run"], point.get("seed")) for point in points)
    changes = {(run, seed): _changes(run, seed, config) for run, seed in networks}
    others = [network for network in networks if changes[network]]
    if others:
        check_git()
    with tempfile.TemporaryDirectory() as folder:

        @cache
        def find(run: str, seed: int | None) -> Path:
            own = data / "models" / f"{run}.safetensors"
            if (run, seed) not in others:
                return own
            place = others.index((run, seed)) + 1
            print(f"study: network {place}/{len(others)}: {run} seed={seed}", file=sys.stderr)
            copy = Path(folder) / f"{place}.safetensors"
            _fetch(f"train@{run}", changes[run, seed], own, copy)
            return copy

        yield find


def _changes(run: str, seed: int | None, config: params.Params) -> list[str]:
    return [] if seed is None else overrides(run, {"seed": seed}, config)


def _fetch(target: str, changes: list[str], model: Path, copy: Path) -> None:
    """Copy the model file of an experiment, which is removed again."""
    experiment = f"network-{time.time_ns() // 10**6}"
    words = [word for change in changes for word in ("--set-param", change)]
    try:
        call("dvc", "exp", "run", "--temp", "--name", experiment, *words, target)
        commit = _commit(experiment) or experiment  # if there is no commit, DVC's error names this
        call("dvc", "get", ".", model.as_posix(), "--rev", commit, "--out", str(copy))
    finally:
        _forget(experiment)


def _commit(experiment: str) -> str:
    return call("git", "for-each-ref", "--format=%(objectname)", f"refs/exps/*/*/{experiment}").strip()


def _forget(experiment: str) -> None:
    """Remove the experiment's commit, and the folder that DVC leaves if it is stopped."""
    for path in RUNNING.glob("*/*.run"):  # else `dvc exp show` lists a stopped experiment as running forever
        with suppress(OSError, ValueError):  # another experiment's record may be half written
            record = json.loads(path.read_bytes())
            if record["name"] == experiment:
                shutil.rmtree(record["root_dir"], ignore_errors=True)
    if _commit(experiment):
        call("dvc", "exp", "remove", experiment)
