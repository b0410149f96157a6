"""studies.yaml as validated values, and the points of each study.

points: [{lr: [0.001, 0.01], seed: [1, 2]}]  ->  {'lr': 0.001, 'seed': 1}, {'lr': 0.001, 'seed': 2}, …
"""

from collections.abc import Collection, Iterable
from itertools import product
from pathlib import Path
from typing import Annotated, Any, Literal

import pandas as pd
from pydantic import ConfigDict, Field, TypeAdapter, ValidationError, model_validator
from pydantic.dataclasses import dataclass
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from stages import columns
from stages.columns import AMOUNT, ORDINAL, SHARE, TEXT, with_gaps
from stages.command import BadInput, shown

CHECKED = ConfigDict(extra="forbid")
# What a row of a study's table may tell of its point, by the study's kind
MEASURES = {
    "trainings": (
        "rows",  # held out
        "exact_match",
        "loss",
        "token_accuracy",
        "position_accuracy",
        "epochs_to_reach",
        "unsteadiness",
        "clipped",
        "seconds_per_epoch",
        "peak_memory_mib",
    ),
    "answers": ("rows", "exact_match", "right_length", "right_first", "right_last"),
    "shift": ("rows", "distance", "p_value", "auc", "error"),
}
SHARES = "exact_match", "right_length", "right_first", "right_last"  # of the rows
ENDLESS = "loss", "epochs_to_reach", "unsteadiness"  # what is infinite where a loss is no number any more
KEYS = {"answers": {"run", "dataset", "part", "asked", "like"}, "shift": {"one", "other", "of"}}  # of their points
MACHINE = "device", "threads", "processes", "torch"
DONE, LEFT_OUT = "done", "not measured"  # the status of a row; the second one has its reason behind it

Kind = Literal[tuple(MEASURES)]
Point = dict[str, Any]


@dataclass(frozen=True, kw_only=True, config=CHECKED)
class Comparison:
    """A measure that should be larger at one point than at another, or than a number."""

    larger: str
    at: Point
    than_at: Point | None = None
    than: float | None = None

    @model_validator(mode="after")
    def _one_of_two(self) -> "Comparison":
        if (self.than_at is None) == (self.than is None):
            raise ValueError("needs either than_at, a point, or than, a number")
        return self


@dataclass(frozen=True, kw_only=True, config=CHECKED)
class Study:
    """A question, what is tried to answer it, and the rule of its verdict."""

    question: str
    kind: Kind = "trainings"
    run: str | None = None
    always: Point = Field(default_factory=dict)
    points: Annotated[list[Point], Field(min_length=1)]
    reach: Annotated[float, Field(gt=0)] | None = None
    longest: Annotated[float, Field(gt=0)] | None = None
    keep: Point | None = None
    code: str | None = None
    by: Annotated[list[str], Field(min_length=1)]
    show: Annotated[list[str], Field(min_length=1)]
    rule: Annotated[list[Comparison], Field(min_length=1)]

    @model_validator(mode="after")
    def _fits_its_kind(self) -> "Study":
        trainings = self.kind == "trainings"
        for name in ("run", "reach", "always", "longest", "keep", "code"):
            if bool(getattr(self, name)) and not trainings:
                raise ValueError(f"{name}: is for trainings only")
        if trainings and not (self.run and self.reach):
            raise ValueError("run and reach: trainings need both")
        tried = points(self)
        keys = {key for point in tried for key in point}
        _known("key", keys, KEYS.get(self.kind, keys))
        _known("key", self.by, keys)
        _known("measure", [*self.show, *(one.larger for one in self.rule)], MEASURES[self.kind])
        for comparison in self.rule:
            if comparison.than is not None and comparison.larger != "auc":
                raise ValueError("than: a number is for auc only, whose error is known")
            for place in filter(None, (comparison.at, comparison.than_at)):
                found = [point | {"seed": 0} for point in at(tried, place)]
                if not found or any(point != found[0] for point in found):
                    raise ValueError(f"{label(place)}: should be one point, but for its seeds; it is {len(found)}")
        if self.keep and (count := len(at(tried, self.keep))) != 1:
            raise ValueError(f"keep: {label(self.keep)}: should be one point; it is {count}")
        return self


def _known(what: str, names: Iterable[str], known: Collection[str]) -> None:
    for name in names:
        if name not in known:
            raise ValueError(f"no {what} {name!r}; there are {', '.join(sorted(known))}")


def read(path: Path) -> dict[str, Study]:
    """All studies by name; raises BadInput that names the first wrong key."""
    try:
        raw = YAML(typ="safe", pure=True).load(path)
    except FileNotFoundError as error:
        raise BadInput(f"{path}: no such file") from error
    except (YAMLError, ValueError) as error:
        raise BadInput(f"{path}: not YAML: {' '.join(str(error).split())}") from error
    try:
        return TypeAdapter(dict[str, Study]).validate_python(raw)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise BadInput(f"{path}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from error


def find(path: Path, name: str) -> Study:
    """The study of that name; raises BadInput when there is none."""
    found = read(path)
    if name not in found:
        raise BadInput(f"{path}: no study {name!r}; there are {', '.join(found) or 'none'}")
    return found[name]


def points(study: Study) -> list[Point]:
    """Every combination of the values that each entry lists."""
    found = []
    for entry in study.points:
        values = [value if isinstance(value, list) else [value] for value in entry.values()]
        found += [dict(zip(entry, chosen, strict=True)) for chosen in product(*values)]
    return found


def at(points: Iterable[Point], place: Point) -> list[Point]:
    """Those points that have all the place's values."""
    return [point for point in points if place.items() <= point.items()]


def label(point: Point) -> str:
    """A point in a word for each key: 'lr=0.01 seed=1'."""
    return " ".join(f"{name}={value}" for name, value in point.items())


# What a study's table may hold; measures have gaps where a point failed or was left out
TABLE = {
    "point": TEXT,
    "status": TEXT,
    **dict.fromkeys(("rows", "threads", "processes"), with_gaps(ORDINAL)),
    **dict.fromkeys(("token_accuracy", "position_accuracy", "clipped", *SHARES), with_gaps(SHARE)),
    **dict.fromkeys(("distance", "p_value", "auc"), with_gaps(SHARE)),
    **dict.fromkeys(("seconds_per_epoch", "peak_memory_mib", "error"), with_gaps(AMOUNT)),
    **dict.fromkeys(ENDLESS, with_gaps(columns.ENDLESS)),
}


def table(path: Path, study: Study) -> pd.DataFrame:
    """The rows so far of the study's points, with all its columns; none where the file is not there.

    Raises BadInput that names the column of the first value that may not stand there.
    """
    changed = dict.fromkeys(name for entry in study.points for name in entry)
    names = dict.fromkeys(["point", "status", *changed, *MEASURES[study.kind]])
    if study.kind == "trainings":
        names |= dict.fromkeys(MACHINE)
    rows = pd.DataFrame({"point": []})
    if path.exists():
        rows = columns.read_csv(path, TABLE, "it is not a study's table: delete it to find all of it anew")
    for name in rows.loc[rows["point"].duplicated(), "point"]:
        raise BadInput(f"{path}: point: must be one row (found two of {shown(name)})")
    known = {label(point): point for point in points(study)}
    rows = rows[rows["point"].isin(known)]
    for place, row in rows.iterrows():
        for name, value in known[row["point"]].items():
            if name in rows and not _same(row[name], value):
                raise BadInput(f"{path}: {name}, row {place + 1}: must be {value} (found {shown(str(row[name]))})")
    return rows.reindex(columns=list(names)).reset_index(drop=True)


def _same(cell: object, value: object) -> bool:
    """Whether a cell, as pandas reads it, is a point's value; 64.0 is 64, and a gap says nothing."""
    if isinstance(cell, int | float) and isinstance(value, int | float):
        return pd.isna(cell) or f"{cell:.6g}" == f"{value:.6g}"  # as it is written
    return pd.isna(cell) or str(cell) == str(value)
