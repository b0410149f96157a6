"""studies.yaml as validated values, and the points of each study.

points: [{lr: [0.001, 0.01], seed: [1, 2]}]  ->  {'lr': 0.001, 'seed': 1}, {'lr': 0.001, 'seed': 2}, …
"""

from itertools import product
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from stages.command import BadInput

CHECKED = ConfigDict(extra="forbid")
# What a row of a study's table may tell of its training, beside what the point changed
MEASURES = (
    "exact_match",
    "loss",
    "token_accuracy",
    "position_accuracy",
    "valid_loss",
    "valid_exact_match",
    "epochs_to_reach",
    "unsteadiness",
    "clipped",
    "seconds_per_epoch",
    "peak_memory_mib",
)

MACHINE = "device", "threads", "processes", "torch"

Point = dict[str, Any]
Measure = Annotated[str, Field(pattern="^(" + "|".join(MEASURES) + ")$")]


@dataclass(frozen=True, kw_only=True, config=CHECKED)
class Comparison:
    """A measure that should be larger at one point than at another."""

    larger: Measure
    at: Point
    than_at: Point


@dataclass(frozen=True, kw_only=True, config=CHECKED)
class Study:
    """A question, what is tried to answer it, and the rule of its verdict."""

    question: str
    run: str
    points: Annotated[list[Point], Field(min_length=1)]
    reach: Annotated[float, Field(gt=0)]
    by: Annotated[list[str], Field(min_length=1)]
    show: Annotated[list[Measure], Field(min_length=1)]
    rule: Annotated[list[Comparison], Field(min_length=1)]


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


def label(point: Point) -> str:
    """A point as DVC's -S takes it: 'lr=0.01 seed=1'."""
    return " ".join(f"{name}={value}" for name, value in point.items())


def table(path: Path, study: Study) -> pd.DataFrame:
    """The rows of a study so far, with all its columns; none where the file is not there."""
    changed = dict.fromkeys(name for entry in study.points for name in entry)
    columns = ["point", "status", *changed, *MEASURES, *MACHINE]
    rows = pd.read_csv(path, float_precision="round_trip") if path.exists() else pd.DataFrame()
    return rows.reindex(columns=columns)
