"""The outcome of a comparison as a sentence.

larger exact_match at 80,000 rows of two_digit than at 21,075: 0.458 and 0.062
  ->  'With 80,000 rows instead of 21,075, the exact match of two_digit rises from 6.2 % to 45.8 %'
"""

import math
from collections.abc import Iterable, Mapping
from typing import Any

from stages.page.digits import percent
from stages.studies import design, measures

# How a sentence names a setting of a training; a key that is not here stands with its value.
SETTINGS = {
    "name": "“{}”",
    "sample": "{} rows",
    "dataset": "{}",
    "lr": "a learning rate of {}",
    "batch_size": "batches of {} rows",
    "epochs": "{} epochs",
    "hidden_dim": "a hidden size of {}",
    "schedule": "a {} learning rate",
    "init": "{} initial weights",
    "averaging": "averaging at {}",
    "split": "a split by {}",
    "decoder": "the {} decoder",
    "scratchpad": "the form “{}” of a scratchpad",
    "grad_clip": "clipping at {}",
    "seed": "seed {}",
    "sample_seed": "draw {}",
}
SPECIAL = {
    ("cell", "lstm"): "an LSTM",
    ("cell", "gru"): "a GRU",
    ("grad_clip", "none"): "no clipping",
    ("averaging", 0): "no averaging",
    ("schedule", "one_cycle"): "a one-cycle learning rate",
    ("optimizer", "adamw"): "AdamW",
    ("optimizer", "muon"): "Muon",
    ("scratchpad", "none"): "no scratchpad",
    ("scratchpad", "steps"): "a scratchpad",
    ("scratchpad", "questions"): "questions to itself",
}
PARTS = {"train": "its training rows", "valid": "its held-out rows", "rest": "rows that it was not trained on"}

Point = Mapping[str, Any]


def change(study: design.Study, comparison: design.Comparison, one: Point, two: Point, means: tuple) -> str:
    """How the measure moves from the second point to the first, without a full stop.

    `one` and `two` are the points with all their keys. The sentence has those that the comparison names: what differs
    was changed, and the measure is of what does not.
    """
    measure = comparison.larger
    named = dict.fromkeys([*comparison.at, *(comparison.than_at or ())])
    differ = [key for key in named if one.get(key) != two.get(key)]
    shared = {key: one[key] for key in named if key not in differ and key in one}
    owners = [str(shared.pop(key)) for key in ("run", "dataset") if key in shared]
    if one.get("name") != two.get("name"):  # the name says everything that changed
        differ, shared = ["name"], {}
    describe = _rows if study.kind == "answers" else _settings
    new, old, aside = describe(differ, one), describe(differ, two), describe(shared, one)
    changes = {(key, place[key]) for key in differ for place in (one, two)}
    if len(differ) == 1 and differ[0] in SETTINGS.keys() - {"name"} and not changes & SPECIAL.keys():
        old = _written(two[differ[0]])  # 'batches of 1,024 rows instead of 64'
    aside = f" ({aside})" if shared else ""
    what = measures.BY_NAME[measure].phrase + "".join(f" of {owner}" for owner in owners)
    after, before = (value(measure, mean) for mean in means)
    if "run" in differ:  # two networks: nothing moves
        return f"{what[0].upper()}{what[1:]} is {after} for {new} and {before} for {old}{aside}"
    if measure == "epochs_to_reach":
        after, before = ("never reached" if math.isinf(mean) else f"reached after {mean:.3g} epochs" for mean in means)
        return f"With {new}{aside} a loss of {study.reach:g} is {after}; with {old} it is {before}"
    on = study.kind == "answers" or differ == ["dataset"]
    start = f"{'On' if on else 'With'} {new} instead of {old}{aside}"
    moves = f"{'rises' if means[0] > means[1] else 'falls'} from {before} to {after}"
    return f"{start}, {what} {moves if after != before else f'stays at {after}'}"


def value(measure: str, number: float, sign: str = "") -> str:
    """A measure's value with its unit: 0.458 is '45.8 %'."""
    if math.isinf(number):
        return "infinity"
    unit = measures.BY_NAME[measure].unit
    return percent(number, sign=sign) if unit == " %" else f"{number:{sign}.3g}{unit}"


def between(measure: str, low: float, high: float) -> str:
    """The ends of a difference: '+38.2 to +40.9 points', which are those of a percentage."""
    return f"{_bare(measure, low)} to {value(measure, high, '+')}".replace(" %", " points")


def about(measure: str, middle: float, spread: float) -> str:
    """A difference and its spread: '+38.2 ± 1.5 points'."""
    return f"{_bare(measure, middle)} ± {value(measure, spread)}".replace(" %", " points")


def _bare(measure: str, number: float) -> str:
    return value(measure, number, "+").removesuffix(measures.BY_NAME[measure].unit)


def _settings(keys: Iterable[str], point: Point) -> str:
    known = [key for key in SETTINGS if key in keys]
    parts = {key: _named(key, point[key]) for key in (*known, *sorted(set(keys) - set(known)))}
    if {"sample", "dataset"} <= parts.keys():
        parts["sample"] += f" of {parts.pop('dataset')}"
    return " and ".join(parts.values())


def _named(key: str, value: Any) -> str:
    return SPECIAL.get((key, value)) or SETTINGS.get(key, f"{key} {{}}").format(_written(value))


def _written(value: Any) -> str:
    """A number with commas; a table that has `all` in the same column gives it as text."""
    return f"{float(value):,.10g}" if str(value).replace(".", "", 1).isdigit() else str(value)


def _rows(keys: Iterable[str], point: Point) -> str:
    """Which rows were answered, and by which run if it is among the keys."""
    keys = set(keys)
    rows = f"{point['dataset']} rows" if "dataset" in keys else "rows"
    if "part" in keys:
        rows = PARTS[point["part"]]
    if "asked" in keys:
        rows += f" {point['asked']} its own dataset"
    if "like" in keys:
        rows += " as they are" if point["like"] == "none" else f" weighted like {point['like']}"
    if "run" not in keys:
        return rows
    return f"{point['run']} on {rows}" if keys != {"run"} else str(point["run"])
