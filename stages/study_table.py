"""The table of a study: a row per point, the values that its columns may hold, and the code that made each row.

reports/studies/learning_rate.csv  ->  point 'lr=0.01 seed=1', status 'done', lr 0.01, seed 1, …, commit, code
"""

import hashlib
from pathlib import Path

import pandas as pd

from stages import columns, measures, sources, studies
from stages.columns import ORDINAL, TEXT, with_gaps
from stages.command import BadInput, shown

MACHINE = "device", "threads", "processes", "torch", "processor"
ORIGIN = "commit", "code"  # the commit that made the row, and a hash of the code that it depends on
CURVES = "curves.csv"  # in the folder of a study that keeps curves
DONE, LEFT_OUT = "done", "not measured"  # the status of a row; the reason follows LEFT_OUT

COLUMNS = {
    "point": TEXT,
    "status": TEXT,
    **dict.fromkeys(("threads", "processes"), with_gaps(ORDINAL)),
    **{one.name: measures.in_study(one) for kind in studies.KINDS for one in measures.of(kind).values()},
    **dict.fromkeys(("processor", *ORIGIN), with_gaps(TEXT)),
}

# What makes the rows of each kind: pipeline stages, and modules of stages/lab that compute a row from their results
PIPELINE = "generate", "subset", "sample", "train", "evaluate"
MAKERS = {
    "trainings": (PIPELINE, ("dvc", "queue", "trained")),
    "answers": (PIPELINE, ("answers", "dvc", "networks")),
    "shift": (PIPELINE[:3], ("answers", "shift")),
}


def read(path: Path, study: studies.Study) -> pd.DataFrame:
    """The existing rows of the study's points, with all columns of the study; no rows if there is no file.

    Raises BadInput naming the column of the first value that it may not hold.
    """
    changed = dict.fromkeys(name for entry in study.points for name in entry)
    names = dict.fromkeys(["point", "status", *changed, *measures.of(study.kind)])
    names |= dict.fromkeys([*(MACHINE if study.kind == "trainings" else ["processor"]), *ORIGIN])
    rows = pd.DataFrame({"point": []})
    if path.exists():
        remedy = "it is not a study's table: delete it to measure all points again"
        rows = columns.read_csv(path, COLUMNS, remedy, dtype=dict.fromkeys(ORIGIN, str))  # '1234e56' is not a number
    for name in rows.loc[rows["point"].duplicated(), "point"]:
        raise BadInput(f"{path}: point: duplicate row {shown(name)}; keep one")
    known = {studies.label(point): point for point in studies.points(study)}
    rows = rows[rows["point"].isin(known)]
    for place, row in rows.iterrows():
        for name, value in known[row["point"]].items():
            if name in rows and not _same(row[name], value):
                raise BadInput(f"{path}: {name}, row {place + 1}: must be {value} (found {shown(str(row[name]))})")
    return rows.reindex(columns=list(names)).reset_index(drop=True)


def _same(cell: object, value: object) -> bool:
    """Whether a cell, as pandas reads it, agrees with a point's value: 64.0 agrees with 64, a gap with anything."""
    if isinstance(cell, int | float) and isinstance(value, int | float):
        return pd.isna(cell) or f"{cell:.6g}" == f"{value:.6g}"  # the table's format
    return pd.isna(cell) or str(cell) == str(value)


def code(kind: str) -> list[Path]:
    """The source files that the rows of a study of this kind depend on."""
    stages, lab = MAKERS[kind]
    return sorted({*(sources.STAGES / "lab" / f"{name}.py" for name in lab)}.union(*map(sources.code, stages)))


def fingerprint(kind: str) -> str:
    """The first 12 hex digits of the SHA-256 of these files: equal in every clone with the same code.

    Line ends do not count, as git may translate them.
    """
    digest = hashlib.sha256()
    for path in code(kind):
        content = sources.given(path).read_bytes().replace(b"\r\n", b"\n")
        digest.update(f"{path.relative_to(sources.STAGES).as_posix()} {len(content)}\n".encode() + content)
    return digest.hexdigest()[:12]
