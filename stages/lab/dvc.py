"""DVC and git: called, the commit that the code is of, and what -S has to change for a point of a study.

call("git", "show", "HEAD:reports/metrics/full-lstm.json")  ->  '{"exact_match": 0.054448, …'
{'dataset': 'full', 'cell': 'gru', 'sample': 5000}  ->  'full-gru', ['datasets.full.sample=5000',
                                                                     '+runs.full-gru={dataset: full, cell: gru}']
"""

import os
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import IO

from stages import params, studies
from stages.command import BadInput
from stages.sources import STAGES

TRAINED = "stages", "params.yaml", "dvc.yaml", "dvc.lock"  # what an experiment is made of
DIRTY = "+"  # behind a commit: the code had changes that were not committed


def call(*command: str, env: dict | None = None) -> str:
    """The command's standard output; raises BadInput with the line of its error output that says what was wrong."""
    # Files, because a worker that the command leaves in the background would keep a pipe open
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        english = {"LANGUAGE": "en"}  # git translates its errors
        done = subprocess.run(command, stdout=out, stderr=err, env=(env or os.environ) | english)
        printed, errors = map(_text, (out, err))
    if done.returncode:
        reason = error_line(errors) or f"exit status {done.returncode}"
        raise BadInput(f"`{' '.join(command)}` failed: {reason}")
    return printed


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode(errors="replace")


def error_line(text: str) -> str:
    """git's or DVC's own error line: advice follows it, and advertisements. The last line where neither has one."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return next((line for line in lines if line.startswith(("ERROR", "error:", "fatal:"))), lines[-1] if lines else "")


def commit() -> str | None:
    """The commit of this code, short, with a + if stages/ has uncommitted changes; None outside of a git repository."""
    git = "git", "-C", str(STAGES)
    with suppress(BadInput, OSError):
        found = call(*git, "rev-parse", "--short=8", "HEAD").strip()
        return found + (DIRTY if call(*git, "status", "--porcelain", "--", ".") else "")
    return None


def check_git() -> None:
    """Raises BadInput where DVC would train and then lose the experiment."""
    try:
        shallow = call("git", "rev-parse", "--is-shallow-repository").strip() == "true"
    except BadInput as error:
        if "dubious ownership" not in str(error):
            raise
        remedy = f"git config --global --add safe.directory '{Path.cwd()}'"
        raise BadInput(f"{error}; if you trust it: {remedy}") from error
    if shallow:
        raise BadInput("a shallow clone, in which DVC loses experiments: `git fetch --unshallow` completes it")
    if changed := call("git", "status", "--porcelain", "--", *TRAINED):
        path = changed.splitlines()[0][3:]
        raise BadInput(f"{path}: has uncommitted changes; commit them first, for an experiment is made of a commit")


def up_to_date(target: str) -> bool:
    """Whether HEAD has the results of its own code and parameters."""
    try:
        return "Running stage" not in call("dvc", "repro", "--dry", "--allow-missing", target)
    except BadInput:  # DVC wants the data of a stage that it would run
        return False


def run(base: str, point: studies.Point, config: params.Params) -> tuple[str, str, str]:
    """The point's run, its dataset and its cell: the base run's, unless the point names others."""
    dataset, cell = (point.get(key, getattr(config.runs[base], key)) for key in ("dataset", "cell"))
    own = {"dataset", "cell"}.isdisjoint(point)
    return base if own else f"{dataset}-{cell}", dataset, cell


def overrides(base: str, point: studies.Point, config: params.Params) -> list[str]:
    """Words for -S; none where params.yaml has the point as it is."""
    name, dataset, cell = run(base, point, config)
    changes = []
    for key, value in point.items():
        if key == "sample":
            if value != config.datasets[dataset].sample:
                changes.append(f"datasets.{dataset}.sample={value}")
        elif key not in ("name", "dataset", "cell"):
            own, root = getattr(config.runs.get(name), key, None), getattr(config, key, None)
            if value != (root if own is None else own):
                changes.append(f"{key}={value}" if own in (None, root) else f"runs.{name}.{key}={value}")
    if name not in config.runs:
        changes.append(f"+runs.{name}={{dataset: {dataset}, cell: {cell}}}")
    return changes


def trained_rows(base: str, point: studies.Point, config: params.Params, subset: int) -> float:
    """How many rows the point trains on, of a subset with so many."""
    sample = point.get("sample", config.datasets[run(base, point, config)[1]].sample)
    return (subset if sample == "all" else sample) * (1 - point.get("valid_share", config.valid_share))
