"""The keys and values that a point of a study may set, by the study's kind.

trainings: {'lr': -1}  ->  ValueError: lr: must be greater than 0 (found -1)
"""

import math
import re
from typing import Annotated, Any, Literal, get_origin, get_type_hints

from pydantic import AfterValidator, Field, ValidationError, create_model

from stages import choices, params, wording


def _value(value: Any) -> Any:
    """The value, if it fits into a point's label and a table's column; raises ValueError otherwise."""
    if isinstance(value, str) and not (value.isprintable() and 0 < len(value) <= 100):
        raise ValueError("must be 1 to 100 characters on one line")
    if type(value) not in (str, int, float, bool) or not (isinstance(value, str) or math.isfinite(value)):
        raise ValueError("must be a number or text")
    return value


def _values(values: Any) -> Any:
    if values == []:
        raise ValueError("must be a value or a list of values")
    for value in values if isinstance(values, list) else [values]:
        _value(value)
    return values


def _rows(value: str) -> str:
    if not re.fullmatch("[^/]+/(train|valid|rest)", value):
        raise ValueError("must be DATASET/train, DATASET/valid or DATASET/rest")
    return value


def _mix(value: str) -> str:
    return value if value == "none" else _rows(value)


Text = Annotated[str, AfterValidator(_value)]
Place = dict[params.Name, Annotated[Any, AfterValidator(_value)]]
Entry = Annotated[dict[params.Name, Annotated[Any, AfterValidator(_values)]], Field(min_length=1)]
Rows = Annotated[str, AfterValidator(_rows)]

# By the study's kind: each key's type, and its default or `...` if every point must have the key
KEYS: dict[str, dict[str, Any]] = {
    "trainings": {key: (kind, None) for key, kind in get_type_hints(params.Run, include_extras=True).items()}
    | {
        "sample": (params.Size, None),
        "split": (choices.Split, None),
        "sample_seed": (params.Seed, None),
        "valid_share": (params.Share, None),
        "name": (str, None),
    },
    "answers": {
        "run": (params.Name, ...),
        "seed": (params.Seed, None),
        "dataset": (params.Name, None),
        "part": (Literal["train", "valid", "rest"], None),
        "asked": (Literal["all", "inside", "outside"], None),
        "like": (Annotated[str, AfterValidator(_mix)], None),
    },
    "shift": {
        "one": (Rows, ...),
        "other": (Rows, ...),
        "of": (Literal["template", "a", "b", "c", "length", "answer", "answer_length", "everything"], ...),
    },
}
MODELS = {kind: create_model(kind, __config__=params.CHECKED, **keys) for kind, keys in KEYS.items()}


def check(kind: str, point: dict[str, Any], known: bool) -> None:
    """Raise ValueError, `key: what is wrong`, for a point whose keys or values do not fit the study's kind.

    Unless `known` is true, unknown keys and choices are ignored: older code may have had some that were removed.
    """
    kinds = KEYS[kind]
    own = {
        key: value
        for key, value in point.items()
        if known or (key in kinds and get_origin(kinds[key][0]) is not Literal)
    }
    try:
        MODELS[kind].model_validate(own)
    except ValidationError as error:
        raise ValueError(wording.first(error)) from error
