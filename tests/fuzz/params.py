"""Damage to params.yaml. ruamel.yaml's own loader and hand-written ranges confirm what is accepted.

'lr: 0.001' changed to 'lr: 0.5'  ->  accepted, with lr 0.5 in the root and in every run that has no lr of its own
"""

import random
import re
import warnings
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import ReusedAnchorWarning

from stages import params
from tests.copies import ROOT
from tests.fuzz import texts
from tests.fuzz.trial import Input


def whole(low: float, high: float) -> Callable[[Any], bool]:
    return lambda value: type(value) is int and low <= value <= high


def between(low: float, high: float) -> Callable[[Any], bool]:
    """A number above `low` and below `high`."""
    return lambda value: type(value) in (int, float) and low < value < high


def one_of(*words: str) -> Callable[[Any], bool]:
    return lambda value: value in words


def name(value: Any) -> bool:
    return (
        isinstance(value, str) and re.fullmatch(r"[a-zA-Z0-9_][a-zA-Z0-9_\-]*", value) is not None and len(value) <= 100
    )


# The ranges a second time: a test fails if stages/params.py loses one
HYPER = {
    "embed_dim": whole(1, 8192),
    "hidden_dim": whole(1, 8192),
    "layers": whole(1, 16),
    "batch_size": whole(1, 1048576),
    "epochs": whole(1, 100000),
    "lr": lambda value: between(0, 2)(value) and value <= 1,
    "grad_clip": lambda value: value == "none" or between(0, float("inf"))(value),
    "precision": one_of("float32", "tf32", "bf16"),
    "seed": whole(0, 4294967295),
    "decoder": one_of("context", "feedback", "attention"),
    "schedule": one_of("constant", "one_cycle"),
    "optimizer": one_of("adamw", "muon"),
    "scratchpad": one_of("none", "steps"),
}
ROWS = {
    "sample_seed": whole(0, 4294967295),
    "valid_share": lambda value: type(value) is float and 0 < value < 1,
    "sample": lambda value: value == "all" or whole(2, float("inf"))(value),
    "split": one_of("rows", "operands"),
}
RUN = HYPER | {"dataset": name, "cell": one_of("lstm", "gru")}
RULE = {
    "min": whole(0, 999),
    "max": lambda value: value is None or whole(0, 999)(value),
    "without": lambda value: isinstance(value, str) and set(value) <= set("0123456789+-*()"),
}


def loaded(content: bytes) -> Any:
    """The content as ruamel.yaml's own loader reads it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ReusedAnchorWarning)
        return YAML(typ="safe", pure=True).load(content)


def inputs(folder: Path) -> Callable[[random.Random, int], Input]:
    text, path = (ROOT / "params.yaml").read_text(encoding="utf-8"), folder / "params.yaml"
    text = text.replace("cell: gru}", "cell: gru, lr: 0.002, epochs: 50}")  # so that one run overrides numbers

    bare = re.sub(r" *#.*", "", text)
    places = list(texts.VALUE.finditer(bare))

    def make(rng: random.Random, number: int) -> Input:
        if number % 2:  # each hostile scalar in each place
            content, how = texts.each(bare, places, texts.SCALARS, number // 2)
        elif number % 200 == 100:
            content, how = texts.large(rng)
        else:
            content, how = texts.text(rng, text, texts.YAML)
        path.write_bytes(content)
        return Input(how, lambda: params.read(path), lambda found: wrong(found, content))

    return make


def wrong(found: params.Params, content: bytes) -> str:
    """How the values differ from the other loader's or leave their ranges; an empty text if they are right."""
    try:
        raw = loaded(content)
    except Exception as error:
        return f"ruamel.yaml refuses it: {type(error).__name__}: {str(error)[:100]}"
    raw = as_float(raw, "grad_clip")
    own = {key: raw[key] for key in HYPER}
    runs = {key: {**own, **as_float(run, "grad_clip")} for key, run in raw["runs"].items()}
    datasets = {
        key: {
            "rule": {"min": 0, "max": None, "without": "", **dataset["rule"]},
            "sample": dataset["sample"],
            "split": dataset["split"],
        }
        for key, dataset in raw["datasets"].items()
    }
    expected = {**raw, "runs": runs, "datasets": datasets}
    if asdict(found) != expected:
        return f"other values: {_differences(asdict(found), expected)}"
    parts = [("", {key: raw[key] for key in HYPER}, HYPER), ("corpus", raw["corpus"], {"operands": whole(1, 1000)})]
    parts.append(("", {key: raw[key] for key in ("sample_seed", "valid_share")}, ROWS))
    parts += [(f"runs.{key}", run, RUN) for key, run in runs.items()]
    for key, dataset in datasets.items():
        parts += [(key, {one: dataset[one] for one in ("sample", "split")}, ROWS), (key, dataset["rule"], RULE)]
        rule = dataset["rule"]
        if rule["max"] is not None and rule["max"] < rule["min"]:
            return f"{key}: min is above max"
    return out_of_range(parts) or _named(runs, datasets)


def as_float(values: dict, *names: str) -> dict:
    """The values, with integers of these names as floats: an integer may have more digits than a float holds."""
    return {key: float(value) if key in names and type(value) is int else value for key, value in values.items()}


def out_of_range(parts: list[tuple[str, dict, dict]]) -> str:
    for where, values, ranges in parts:
        for key, value in values.items():
            if key not in ranges or not ranges[key](value):
                return f"out of range: {where}.{key}: {value!r:.60}"
    return ""


def _named(runs: dict, datasets: dict) -> str:
    if not runs or not datasets or not all(map(name, [*runs, *datasets])):
        return "not a name"
    return "" if all(run["dataset"] in datasets for run in runs.values()) else "a run whose dataset does not exist"


def _differences(one: dict, other: dict) -> str:
    return ", ".join(f"{key} {one.get(key)!r:.60}" for key in one | other if one.get(key) != other.get(key))
