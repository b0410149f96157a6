"""Damage to studies.yaml. A second implementation of points and rules confirms what is accepted.

points: [{lr: [0.1, 0.2], seed: [1, 2]}]  ->  four points, each with keys that its kind of study has
"""

import random
import re
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from stages import studies
from tests.copies import ROOT
from tests.fuzz import texts
from tests.fuzz.params import ROWS, RUN, as_float, loaded, name, one_of, out_of_range
from tests.fuzz.trial import Input

UNSET = "run", "reach", "longest", "keep", "ships", "code"
LEFT_OUT = {"kind": "trainings", "always": {}, "curves": False} | dict.fromkeys(UNSET)
MEASURES = {
    "trainings": "rows exact_match loss train_loss token_accuracy position_accuracy epochs_to_reach unsteadiness "
    "clipped seconds_per_epoch peak_memory_mib twins exact_match_twin exact_match_no_twin wrong_sum wrong_product "
    "wrong_parts wrong_part_sum",
    "answers": "rows exact_match right_length right_first right_last",
    "shift": "rows distance p_value auc error",
}


CHOICES = {"cell", "decoder", "schedule", "optimizer", "scratchpad", "precision", "split"}


def _rows(value: object) -> bool:
    return isinstance(value, str) and re.fullmatch(r"[^/]+/(train|valid|rest)", value) is not None


KEYS = {
    "trainings": RUN | ROWS | {"name": lambda value: isinstance(value, str)},
    "answers": {
        "run": name,
        "seed": RUN["seed"],
        "dataset": name,
        "part": one_of("train", "valid", "rest"),
        "asked": one_of("all", "inside", "outside"),
        "like": lambda value: value == "none" or _rows(value),
    },
    "shift": {
        "one": _rows,
        "other": _rows,
        "of": one_of("template", "a", "b", "c", "length", "answer", "answer_length", "everything"),
    },
}


def inputs(folder: Path) -> Callable[[random.Random, int], Input]:
    text, path = (ROOT / "studies.yaml").read_text(encoding="utf-8"), folder / "studies.yaml"
    entries = [entry for entry in re.split(r"(?m)^(?=\w)", text)[1:] if len(entry) < 1300]

    def make(rng: random.Random, number: int) -> Input:
        ways = *texts.YAML, texts.word_replaced
        content, how = texts.text(rng, "".join(rng.sample(entries, rng.choice((1, 1, 2)))), ways)
        path.write_bytes(content)
        return Input(how, lambda: studies.read(path), lambda found: wrong(found, content))

    return make


def wrong(found: dict[str, studies.Study], content: bytes) -> str:
    """How the studies differ from the other loader's or break a rule; an empty text if they are right."""
    try:
        raw = loaded(content) or {}
    except Exception as error:
        return f"ruamel.yaml refuses it: {type(error).__name__}: {str(error)[:100]}"
    if found.keys() != raw.keys():
        return f"other studies: {list(found)}"
    return next(filter(None, (_against(found[key], raw[key]) for key in raw)), "")


def multiplied(entries: list[dict]) -> list[dict]:
    """Every combination of the values of each entry, the last key changing fastest."""
    found = []
    for entry in entries:
        combined = [{}]
        for key, value in entry.items():
            combined = [{**one, key: v} for one in combined for v in (value if isinstance(value, list) else [value])]
        found += combined
    return found


def _against(study: studies.Study, raw: dict) -> str:
    raw = as_float(LEFT_OUT | raw, "reach", "longest")
    raw["rule"] = [{"at": None, "than_at": None, "than": None, **as_float(rule, "than")} for rule in raw["rule"]]
    if asdict(study) != raw:
        return "other values: " + ", ".join(key for key in raw if asdict(study).get(key) != raw[key])
    points, kind = multiplied(raw["points"]), raw["kind"]
    if studies.points(study) != points:
        return "other points"
    if not 0 < len(points) <= 1000 or any(points.count(point) > 1 for point in points):
        return "no points, too many points or a duplicate"
    if kind == "trainings" and not (name(raw["run"]) and raw["reach"] and raw["reach"] > 0):
        return "run or reach is missing"
    if kind != "trainings" and any(raw[key] for key in (*UNSET, "always", "curves")):
        return "a key of trainings"
    # A study of older code may have keys and choices that were removed
    checked = KEYS[kind].keys() - (CHOICES if raw["code"] else set())
    tried = [{k: v for k, v in point.items() if k in checked or not raw["code"]} for point in points]
    measures = {*raw["show"], *(rule["larger"] for rule in raw["rule"])}
    if not measures <= set(MEASURES[kind].split()) or not {*raw["by"]} <= {key for point in points for key in point}:
        return "an unknown measure or key"
    for rule in raw["rule"]:
        if (rule["than"] is None) == (rule["than_at"] is None) or (
            rule["than"] is not None and rule["larger"] != "auc"
        ):
            return "a rule that compares with nothing, or with two things"
        for place in (rule["at"], rule["than_at"] or rule["at"]):
            meant = [p for p in points if all(key in p and p[key] == value for key, value in place.items())]
            if len({str(sorted((k, v) for k, v in p.items() if k not in ("seed", "sample_seed"))) for p in meant}) != 1:
                return "a rule that selects no point, or several"
    if raw["longest"] is not None and not raw["longest"] > 0:
        return "longest is not above 0"
    always = {key: value for key, value in raw["always"].items() if key in checked or not raw["code"]}
    tried.append(always)
    return out_of_range([(f"points[{place}]", point, KEYS[kind]) for place, point in enumerate(tried)])
