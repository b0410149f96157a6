"""params.yaml as one frozen, validated value.

    runs:
      single_digit-gru: {dataset: single_digit, cell: gru, epochs: 50}

becomes params.runs["single_digit-gru"], a Run with epochs 50 and every other number from the root of the file.
"""

import math
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any, Literal

import pydantic
from pydantic import BeforeValidator, ConfigDict, Field, StrictFloat, StrictInt, ValidationError, model_validator
from pydantic.dataclasses import dataclass

from stages.common import messages, watch
from stages.common.messages import BadInput

# Reject unknown keys and NaN; the strict types below do not accept "10" or true as numbers.
CHECKED = ConfigDict(extra="forbid", allow_inf_nan=False)

# The names that may be chosen; a dict maps each to its implementation, such as `CELLS` in network/cells.py
Cell = Literal["lstm", "gru"]
Decoder = Literal["context", "feedback", "attention", "pointer"]
Schedule = Literal["constant", "one_cycle"]
Optimizer = Literal["adamw", "muon"]
Scratchpad = Literal["none", "steps", "questions"]
Precision = Literal["float32", "tf32", "bf16"]
Split = Literal["rows", "operands"]


def _or(word: str, what: str, fits: Callable[[Any], bool]) -> BeforeValidator:
    def checked(value: Any) -> Any:
        if value != word and not fits(value):
            raise ValueError(f"must be {what}, or {word}")
        return value

    return BeforeValidator(checked)


def _characters(value: Any) -> str:
    if not isinstance(value, str) or not value or set(value) - set("0123456789+-*()"):
        raise ValueError('must be the characters to leave out, in quotes, such as "1" or "+-"')
    return value


# Used in file names and in DVC's stage names; messages.WORDS says the pattern in words
Name = Annotated[str, Field(pattern="^[A-Za-z0-9_][A-Za-z0-9_-]{0,99}$")]
LIMIT = _or("none", "a number above 0", lambda value: type(value) in (int, float) and 0 < value < math.inf)
Norm = Annotated[float | Literal["none"], LIMIT]
COUNT = _or("none", "a number of epochs, at least 1", lambda value: type(value) is int and value >= 1)
Patience = Annotated[StrictInt | Literal["none"], COUNT]
SIZE = "a number of rows, at least 2 (one to train on, one to hold out)"
Size = Annotated[StrictInt | Literal["all"], _or("all", SIZE, lambda value: type(value) is int and value >= 2)]
Share = Annotated[StrictFloat, Field(gt=0, lt=1)]
TestShare = Annotated[StrictFloat, Field(ge=0, lt=1)]
Weight = Annotated[StrictFloat, Field(gt=0)]
Width = Annotated[StrictInt, Field(ge=1, le=8192)]
Seed = Annotated[StrictInt, Field(ge=0, lt=2**32)]  # the range that scikit-learn accepts
Operand = Annotated[StrictInt, Field(ge=0, le=999)]


@dataclass(frozen=True, kw_only=True, config=CHECKED)
class Questions:
    """How often an epoch draws each kind of question (arithmetic/questions.py), in any unit."""

    expression: Weight
    terms: Weight
    signs: Weight
    product: Weight
    sum: Weight
    difference: Weight
    digits: Weight


@dataclass(frozen=True, kw_only=True, config=CHECKED)
class Hyperparameters:
    """The settings of a network and its training; a run may override any of them."""

    embed_dim: Width
    hidden_dim: Width
    layers: Annotated[StrictInt, Field(ge=1, le=16)]
    batch_size: Annotated[StrictInt, Field(ge=1, le=2**20)]
    epochs: Annotated[StrictInt, Field(ge=1, le=100_000)]
    patience: Patience
    lr: Annotated[StrictFloat, Field(gt=0, le=1)]
    grad_clip: Norm
    precision: Precision
    seed: Seed
    decoder: Decoder
    schedule: Schedule
    optimizer: Optimizer
    scratchpad: Scratchpad
    questions: Questions


@dataclass(frozen=True, kw_only=True, config=CHECKED)
class Run(Hyperparameters):
    dataset: Name
    cell: Cell


@dataclass(frozen=True, kw_only=True, config=CHECKED)
class Corpus:
    operands: Annotated[StrictInt, Field(ge=1, le=1000)]  # 999*999*999 still fits the int32 column


@dataclass(frozen=True, kw_only=True, config=CHECKED)
class Rule:
    """Which expressions a dataset keeps, by their operands and characters; an empty rule keeps all."""

    min: Operand = 0
    max: Operand | None = None
    without: Annotated[str, BeforeValidator(_characters)] = ""

    @model_validator(mode="after")
    def _ordered(self) -> "Rule":
        if self.max is not None and self.min > self.max:
            raise ValueError(f"min {self.min} is above max {self.max}: no operand would be left")
        return self


@dataclass(frozen=True, kw_only=True, config=CHECKED)
class Dataset:
    rule: Rule
    sample: Size
    split: Split


@dataclass(frozen=True, kw_only=True, config=CHECKED)
class Params(Hyperparameters):
    sample_seed: Seed
    valid_share: Share
    test_share: TestShare
    corpus: Corpus
    datasets: Annotated[dict[Name, Dataset], Field(min_length=1)]
    runs: Annotated[dict[Name, Run], Field(min_length=1)]

    @model_validator(mode="after")
    def _known_datasets(self) -> "Params":
        for name, run in self.runs.items():
            if run.dataset not in self.datasets:
                known = messages.listed(self.datasets)
                raise ValueError(f"runs.{name}.dataset: no dataset {run.dataset!r}; there are {known}")
        return self


def read(path: Path) -> Params:
    """The validated content of params.yaml; raises BadInput naming the first wrong key."""
    raw = watch.values(path)
    root = {field.name: raw[field.name] for field in fields(Hyperparameters) if field.name in raw}
    if isinstance(runs := raw.get("runs"), dict):
        raw = raw | {"runs": {name: root | run if isinstance(run, dict) else run for name, run in runs.items()}}
    try:
        return pydantic.TypeAdapter(Params).validate_python(raw)
    except ValidationError as error:
        raise BadInput(f"{path}: {messages.first(error)}") from error


def find(path: Path, kind: Literal["datasets", "runs"], name: str) -> tuple[Params, Any]:
    """The parameters, and the dataset or run called `name`; raises BadInput if there is none."""
    params = read(path)
    entries = getattr(params, kind)
    if name not in entries:
        raise BadInput(f"{path}: {kind}: no entry {messages.shown(name)}; there are {messages.listed(entries)}")
    return params, entries[name]
