"""studies.yaml as validated values, and the points of each study.

points: [{lr: [0.001, 0.01], seed: [1, 2]}]  ->  {'lr': 0.001, 'seed': 1}, {'lr': 0.001, 'seed': 2}, …

Longer than other modules: a rule refers to points, so studies and their points are checked together.
"""

import math
from collections.abc import Collection, Iterable
from itertools import product
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import Field, StrictFloat, TypeAdapter, ValidationError, model_validator
from pydantic.dataclasses import dataclass

from stages import document, measures, params, settings, wording
from stages.command import BadInput
from stages.params import CHECKED, Name
from stages.settings import Entry, Place, Text

MOST = 1000  # points of a study; lists can multiply to millions
SEEDS = "seed", "sample_seed"  # points that differ in these alone are repetitions: their spread is chance

Kind = Literal["trainings", "answers", "shift"]
KINDS: tuple[Kind, ...] = get_args(Kind)
Point = dict[str, Any]
Above = Annotated[StrictFloat, Field(gt=0)]


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
    keep: dict[Name, Place] | None = None
    curves: bool = False
    ships: Name | None = None
    code: Text | None = None
    by: Annotated[list[str], Field(min_length=1)]
    show: Annotated[list[str], Field(min_length=1)]
    rule: Annotated[list[Comparison], Field(min_length=1)]

    @model_validator(mode="after")
    def _fits_its_kind(self) -> "Study":
        trainings = self.kind == "trainings"
        for name in ("run", "reach", "always", "longest", "keep", "curves", "ships", "code"):
            if bool(getattr(self, name)) and not trainings:
                raise ValueError(f"{name}: only for kind: trainings")
        if trainings and not (self.run and self.reach):
            raise ValueError("run and reach: kind: trainings needs both")
        tried = _tried(self)
        keys = {key for point in tried for key in point}
        _known("key", self.by, keys)
        _known("measure", [*self.show, *(one.larger for one in self.rule)], measures.of(self.kind))
        for comparison in self.rule:
            if comparison.than is not None and comparison.larger != "auc":
                raise ValueError("than: only auc, whose error is known, can be compared with a number")
            for place in filter(None, (comparison.at, comparison.than_at)):
                found = [{key: point[key] for key in point if key not in SEEDS} for point in at(tried, place)]
                if not found or any(point != found[0] for point in found):
                    what = f"{_named(place)}: must be one point, apart from its seeds"
                    raise ValueError(f"{what} (found {len(found)})")
        for name, place in (self.keep or {}).items():
            if (count := len(at(tried, place))) != 1:
                raise ValueError(f"keep: {name}: {_named(place)}: must be one point (found {count})")
        if self.ships:
            _known("kept point", [self.ships], self.keep or {})
        return self


def _tried(study: Study) -> list[Point]:
    """The study's points; raises ValueError for a duplicate point, or one that does not fit the study's kind."""
    count = sum(math.prod(len(value) for value in entry.values() if isinstance(value, list)) for entry in study.points)
    if count > MOST:
        raise ValueError(f"points: must be at most {MOST:,}, counting all combinations")
    tried = points(study)
    for point in [study.always, *tried] if study.always else tried:
        try:
            settings.check(study.kind, point, known=not study.code)
        except ValueError as error:
            raise ValueError(f"{'always' if point is study.always else f'points: {_named(point)}'}: {error}") from error
    labels, changes = set(), set()
    for point in tried:
        if label(point) in labels or frozenset(point.items()) in changes:
            raise ValueError(f"points: {_named(point)}: duplicate point; keep one")
        labels.add(label(point))
        changes.add(frozenset(point.items()))
    return tried


def _known(what: str, names: Iterable[str], known: Collection[str]) -> None:
    for name in names:
        if name not in known:
            raise ValueError(f"no {what} {wording.shown(name)}; there are {wording.listed(sorted(known))}")


def _named(point: Point) -> str:
    return wording.line(label(point))


def read(path: Path) -> dict[str, Study]:
    """All studies by name; raises BadInput naming the first wrong key, value or point.

    Only `find` looks up runs and datasets: a study stays on the page when its run is removed from params.yaml.
    """
    try:
        return TypeAdapter(dict[Name, Study]).validate_python(document.read(path))
    except ValidationError as error:
        raise BadInput(f"{path}: {wording.first(error)}") from error


def find(path: Path, name: str, config: params.Params) -> Study:
    """The study called `name`; raises BadInput as `read` does, and for an unknown study, run or dataset."""
    found = read(path)
    if name not in found:
        raise BadInput(f"{path}: no study {wording.shown(name)}; there are {wording.listed(found)}")
    study = found[name]
    for point in [{"run": study.run} if study.run else {}, study.always, *points(study)]:
        for key, value in point.items():
            known = config.runs if key == "run" else config.datasets
            if key in ("run", "dataset", "one", "other", "like") and value != "none":
                one = str(value).partition("/")[0]
                if one not in known:
                    what = f"{'run' if key == 'run' else 'dataset'} {wording.shown(one)}"
                    raise BadInput(f"{path}: {name}: {key}: params.yaml has no {what}, only {wording.listed(known)}")
    return study


def points(study: Study) -> list[Point]:
    """Every combination of the values that each entry lists."""
    found = []
    for entry in study.points:
        values = [value if isinstance(value, list) else [value] for value in entry.values()]
        found += [dict(zip(entry, chosen, strict=True)) for chosen in product(*values)]
    return found


def at(points: Iterable[Point], place: Point) -> list[Point]:
    """The points that have all values of `place`."""
    return [point for point in points if place.items() <= point.items()]


def label(point: Point) -> str:
    """A point as text, a word per key: 'lr=0.01 seed=1'."""
    return " ".join(f"{name}={value}" for name, value in point.items())
