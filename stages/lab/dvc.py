"""Calls of DVC and git, the commit of the code, and the -S overrides for a point of a study.

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

TRAINED = "stages", "params.yaml", "dvc.yaml", "dvc.lock"  # an experiment depends on these
DIRTY = "+"  # after a commit: the code had uncommitted changes


def call(*command: str, env: dict | None = None) -> str:
    """The command's standard output; raises BadInput with the command's own error line."""
    # Files, not pipes: a worker that the command leaves in the background would keep a pipe open
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        english = {"LANGUAGE": "en"}  # else git translates its errors
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
    """The error line of git or DVC, without the advice and advertisements after it; if there is none, the last line."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return next((line for line in lines if line.startswith(("ERROR", "error:", "fatal:"))), lines[-1] if lines else "")


def commit() -> str | None:
    """The short commit of this code, with a + if stages/ has uncommitted changes; None outside a git repository."""
    git = "git", "-C", str(STAGES)
    with suppress(BadInput, OSError):
        found = call(*git, "rev-parse", "--short=8", "HEAD").strip()
        return found + (DIRTY if call(*git, "status", "--porcelain", "--", ".") else "")
    return None


def check_git() -> None:
    """Raise BadInput if DVC would train and then lose the experiment."""
    try:
        shallow = call("git", "rev-parse", "--is-shallow-repository").strip() == "true"
    except BadInput as error:
        if "dubious ownership" not in str(error):
            raise
        remedy = f"git config --global --add safe.directory '{Path.cwd()}'"
        raise BadInput(f"{error}; if you trust it: {remedy}") from error
    if shallow:
        raise BadInput("DVC loses experiments in a shallow clone; run `git fetch --unshallow` first")
    if changed := call("git", "status", "--porcelain", "--", *TRAINED):
        path = changed.splitlines()[0][3:]
        raise BadInput(f"{path}: has uncommitted changes; commit them first: an experiment starts from a commit")


def up_to_date(target: str) -> bool:
    """Whether the results in HEAD belong to its code and parameters."""
    try:
        return "Running stage" not in call("dvc", "repro", "--dry", "--allow-missing", target)
    except BadInput:  # DVC fails if a stage that it would run lacks its data
        return False


def run(base: str, point: studies.Point, config: params.Params) -> tuple[str, str, str]:
    """The names of the point's run, dataset and cell: the base run's, unless the point names others."""
    dataset, cell = (point.get(key, getattr(config.runs[base], key)) for key in ("dataset", "cell"))
    own = {"dataset", "cell"}.isdisjoint(point)
    return base if own else f"{dataset}-{cell}", dataset, cell


def overrides(base: str, point: studies.Point, config: params.Params) -> list[str]:
    """The -S overrides for a point; none if params.yaml already has its values."""
    name, dataset, cell = run(base, point, config)
    changes = []
    for key, value in point.items():
        if key in ("sample", "split"):
            if value != getattr(config.datasets[dataset], key):
                changes.append(f"datasets.{dataset}.{key}={value}")
        elif key not in ("name", "dataset", "cell"):
            own, root = getattr(config.runs.get(name), key, None), getattr(config, key, None)
            if value != (root if own is None else own):
                changes.append(f"{key}={value}" if own in (None, root) else f"runs.{name}.{key}={value}")
    if name not in config.runs:
        changes.append(f"+runs.{name}={{dataset: {dataset}, cell: {cell}}}")
    return changes


def trained_rows(base: str, point: studies.Point, config: params.Params, subset: int) -> float:
    """The number of training rows at a point, from a subset with `subset` rows."""
    sample = point.get("sample", config.datasets[run(base, point, config)[1]].sample)
    return (subset if sample == "all" else sample) * (1 - point.get("valid_share", config.valid_share))
