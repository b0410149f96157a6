"""studies.yaml as validated values, and the points of each study.

points: [{lr: [0.001, 0.01], seed: [1, 2]}]  ->  {'lr': 0.001, 'seed': 1}, {'lr': 0.001, 'seed': 2}, …
"""

import math
import re
from collections import Counter
from collections.abc import Collection, Iterable
from itertools import product
from pathlib import Path
from typing import Annotated, Any, Literal, get_type_hints

from pydantic import AfterValidator, Field, StrictFloat, TypeAdapter, ValidationError, create_model, model_validator
from pydantic.dataclasses import dataclass

from stages.common import messages, params, watch
from stages.common.messages import BadInput
from stages.common.params import CHECKED, Name
from stages.studies import measures

SEEDS = "seed", "sample_seed"  # points that differ in these alone are repetitions: their spread is chance

Kind = Literal["trainings", "answers", "shift"]
Point = dict[str, Any]


def _value(value: Any) -> Any:
    """The value, if it fits into a point's label and a table's column; raises ValueError otherwise."""
    if isinstance(value, str) and not (value.isprintable() and 0 < len(value) <= 100):
        raise ValueError("must be 1 to 100 characters on one line")
    if type(value) not in (str, int, float, bool) or not (isinstance(value, str) or math.isfinite(value)):
        raise ValueError("must be a number or text")
    return value


def _values(values: Any) -> list:
    if values == []:
        raise ValueError("must be a value or a list of values")
    return [_value(value) for value in (values if isinstance(values, list) else [values])]


def _rows(value: str) -> str:
    if not re.fullmatch("[^/]+/(train|valid|rest)", value):
        raise ValueError("must be DATASET/train, DATASET/valid or DATASET/rest")
    return value


Rows = Annotated[str, AfterValidator(_rows)]
Place = dict[Name, Annotated[Any, AfterValidator(_value)]]
Entry = Annotated[dict[Name, Annotated[Any, AfterValidator(_values)]], Field(min_length=1)]
Above = Annotated[StrictFloat, Field(gt=0)]

# The keys that a point may set, by the study's kind: each key's type, and its default or `...` if it must be there
KEYS: dict[str, dict[str, Any]] = {
    "trainings": {key: (kind, None) for key, kind in get_type_hints(params.Run, include_extras=True).items()}
    | {
        "sample": (params.Size, None),
        "split": (params.Split, None),
        "sample_seed": (params.Seed, None),
        "valid_share": (params.Share, None),
        "test_share": (params.TestShare, None),
        "name": (str, None),
    },
    "answers": {
        "run": (Name, ...),
        "seed": (params.Seed, None),
        "dataset": (Name, None),
        "part": (Literal["train", "valid", "rest"], None),
        "asked": (Literal["all", "inside", "outside"], None),
        "like": (Annotated[str, AfterValidator(lambda value: value if value == "none" else _rows(value))], None),
    },
    "shift": {
        "one": (Rows, ...),
        "other": (Rows, ...),
        "of": (Literal["template", "a", "b", "c", "length", "answer", "answer_length", "everything"], ...),
    },
}
POINTS = {kind: create_model(kind, __config__=CHECKED, **keys) for kind, keys in KEYS.items()}


@dataclass(frozen=True, kw_only=True, config=CHECKED)
class Comparison:
    """A measure that should be larger at one point than at another, or than a number."""

    larger: str
    at: Place
    than_at: Place | None = None
    than: StrictFloat | None = None

    @model_validator(mode="after")
    def _one_of_two(self) -> "Comparison":
        if (self.than_at is None) == (self.than is None):
            raise ValueError("needs either than_at (a point) or than (a number)")
        if self.than is not None and self.larger != "auc":
            raise ValueError("than: only auc, whose error is known, can be compared with a number")
        return self


@dataclass(frozen=True, kw_only=True, config=CHECKED)
class Study:
    """A question, the points that are measured to answer it, and the rule of its verdict."""

    question: str
    kind: Kind = "trainings"
    run: Name | None = None
    always: Place = Field(default_factory=dict)
    points: Annotated[list[Entry], Field(min_length=1)]
    reach: Above | None = None
    longest: Above | None = None
    keep: dict[Name, Place] = Field(default_factory=dict)
    curves: bool = False
    ships: Name | None = None
    by: Annotated[list[str], Field(min_length=1)]
    show: Annotated[list[str], Field(min_length=1)]
    rule: Annotated[list[Comparison], Field(min_length=1)]

    @model_validator(mode="after")
    def _fits_its_kind(self) -> "Study":
        for name in ("run", "reach", "always", "longest", "keep", "curves", "ships"):
            if getattr(self, name) and self.kind != "trainings":
                raise ValueError(f"{name}: only for kind: trainings")
        if self.kind == "trainings" and not (self.run and self.reach):
            raise ValueError("run and reach: kind: trainings needs both")
        tried = _tried(self)
        _known("key", self.by, {key for point in tried for key in point})
        _known("measure", [*self.show, *(comparison.larger for comparison in self.rule)], measures.of(self.kind))
        for comparison in self.rule:
            for place in filter(None, (comparison.at, comparison.than_at)):
                places = {label({key: point[key] for key in point if key not in SEEDS}) for point in at(tried, place)}
                if len(places) != 1:
                    raise ValueError(f"{label(place)}: must be one point, apart from its seeds (found {len(places)})")
        for name, place in self.keep.items():
            if (count := len(at(tried, place))) != 1:
                raise ValueError(f"keep: {name}: {label(place)}: must be one point (found {count})")
        _known("kept point", [self.ships] if self.ships else [], self.keep)
        return self


def _tried(study: Study) -> list[Point]:
    """The study's points; raises ValueError for a duplicate point, or one that does not fit the study's kind."""
    tried = points(study)
    for named, point in [("always", study.always)] + [(f"points: {label(point)}", point) for point in tried]:
        try:
            if point:  # there may be no `always`
                POINTS[study.kind].model_validate(point)
        except ValidationError as error:
            raise ValueError(f"{named}: {messages.first(error)}") from error
    twice, times = Counter(map(label, tried)).most_common(1)[0]
    if times > 1:
        raise ValueError(f"points: {twice}: duplicate point; keep one")
    return tried


def _known(what: str, names: Iterable[str], known: Collection[str]) -> None:
    for name in names:
        if name not in known:
            raise ValueError(f"no {what} {messages.shown(name)}; there are {messages.listed(sorted(known))}")


def read(path: Path) -> dict[str, Study]:
    """All studies by name; raises BadInput naming the first wrong key, value or point."""
    try:
        return TypeAdapter(dict[Name, Study]).validate_python(watch.document(path))
    except ValidationError as error:
        raise BadInput(f"{path}: {messages.first(error)}") from error


def find(path: Path, name: str, config: params.Params) -> Study:
    """The study called `name`; raises BadInput as `read` does, and for an unknown study, run or dataset."""
    studies = read(path)
    if name not in studies:
        raise BadInput(f"{path}: no study {messages.shown(name)}; there are {messages.listed(studies)}")
    study = studies[name]
    for point in [{"run": study.run} if study.run else {}, study.always, *points(study)]:
        for key in {"run", "dataset", "one", "other", "like"} & point.keys():
            known = config.runs if key == "run" else config.datasets
            wanted = str(point[key]).partition("/")[0]
            if wanted not in known and wanted != "none":
                what = f"{'run' if key == 'run' else 'dataset'} {messages.shown(wanted)}"
                raise BadInput(f"{path}: {name}: {key}: params.yaml has no {what}, only {messages.listed(known)}")
    return study


def points(study: Study) -> list[Point]:
    """Every combination of the values that each entry lists."""
    return [dict(zip(entry, values, strict=True)) for entry in study.points for values in product(*entry.values())]


def at(points: Iterable[Point], place: Point) -> list[Point]:
    """The points that have all values of `place`."""
    return [point for point in points if place.items() <= point.items()]


def label(point: Point) -> str:
    """A point as text, a word per key: 'lr=0.01 seed=1'."""
    return " ".join(f"{name}={value}" for name, value in point.items())
