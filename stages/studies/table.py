"""The table of a study: a row per point, and whether code has changed since it was measured.

reports/studies/learning_rate.csv  ->  point 'lr=0.01 seed=1', status 'done', lr 0.01, seed 1, …, commit 'd2f52bed'
"""

import subprocess
from pathlib import Path

import pandas as pd

from stages import STAGES
from stages.common import tables
from stages.studies import design, measures

MACHINE = "device", "threads", "processes", "torch", "processor"
CURVES = "curves.csv"  # in the folder of a study that keeps curves
DONE, LEFT_OUT = "done", "not measured"  # the status of a row; the reason follows LEFT_OUT

# The code that makes the rows of each kind
ROWS = "common", "arithmetic", "generate.py", "subset.py", "sample.py"
NETWORKS = *ROWS, "network", "train.py", "evaluate.py", "studies/trainings.py"
MAKERS = {
    "trainings": NETWORKS,
    "answers": (*NETWORKS, "studies/answers.py"),
    "shift": (*ROWS, "studies/answers.py", "studies/shift.py"),
}


def read(path: Path, study: design.Study) -> pd.DataFrame:
    """The existing rows of the study's points, with all columns of the study; no rows if there is no file."""
    changed = dict.fromkeys(name for entry in study.points for name in entry)
    machine = MACHINE if study.kind == "trainings" else MACHINE[-1:]  # the processor
    names = dict.fromkeys(["point", "status", *changed, *measures.of(study.kind), *machine, "commit"])
    rows = pd.DataFrame({"point": [], "status": []})
    if path.exists():
        with tables.readable(path, "delete it to measure all points again"):
            rows = pd.read_csv(path, dtype={"commit": str})  # '1234e56' is not a number
            rows = rows[rows["point"].isin(map(design.label, design.points(study)))]
    return rows.reindex(columns=list(names)).reset_index(drop=True)


def commit() -> str | None:
    """The short commit of this code, with a + if stages/ has uncommitted changes; None outside a git repository."""
    head = _git("rev-parse", "--short=8", "HEAD")
    return head and head + ("+" if _git("status", "--porcelain", "--", ".") else "")


def outdated(path: Path, kind: design.Kind) -> str | None:
    """The last commit of the code that makes such a table, if it is newer than the table's; None if it is not."""
    made = _git("log", "-1", "--format=%ct", "--", str(path.resolve()))
    changed, _, name = _git("log", "-1", "--format=%ct %h, %cs", "--", *MAKERS[kind]).partition(" ")
    return name if made and changed and int(changed) > int(made) else None


def _git(*words: str) -> str:
    """What git prints in the folder of the code; nothing if it fails, or there is no git."""
    try:
        return subprocess.run(["git", *words], cwd=STAGES, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""
