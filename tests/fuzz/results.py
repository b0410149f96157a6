"""Damage to a copy of the results that `report` reads. Python's csv and json confirm what is accepted.

"exact_match": 0.05 changed to 1.2  ->  refused; changed to 0.5  ->  accepted, with 0.5
"""

import random
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pandas as pd
import pyarrow as pa

from stages import files, params, report, studies, study_table
from stages.page import inputs as readers
from stages.page import kept as keeping
from tests.copies import ROOT
from tests.fuzz import reference, texts
from tests.fuzz.studies import multiplied
from tests.fuzz.trial import Input

RUN = "full-lstm"
ENDINGS = {"metrics": "json", "timing": "json", "history": "csv"}
FIRST = 20  # the first values of each file get every new value; in a history they are the header and two epochs
VALUE = re.compile(r'(?<=: )[^\n,]+|(?<=,)[^,\n"]*|(?<=\n)[^\s,"{}][^\n,"{}]*')
WORDS = "-1 2 0 1 0.5 1.5 -0.5 1e400 inf -inf nan NaN Infinity null true 1e308 1,000 0x1 007 NA '' \"\" 1e16 [] {}"
NUMBERS = WORDS.split()


def inputs(folder: Path) -> Callable[[random.Random, int], Input]:
    reports, config = ROOT / "reports", params.read(ROOT / "params.yaml")
    known = studies.read(ROOT / "studies.yaml")
    runs, kept = {RUN: config.runs[RUN]}, folder / "kept"
    kept.mkdir(exist_ok=True)
    whose = reports / "studies" / "calculator" / str(known["calculator"].ships)
    parts = {part: (whose / f"{part}.csv").read_text(encoding="utf-8") for part in keeping.KEPT}
    parts = {part: "".join(text.splitlines(keepends=True)[:40]) for part, text in parts.items()}
    whole = {kind: (reports / kind / f"{RUN}.{end}").read_text(encoding="utf-8") for kind, end in ENDINGS.items()}

    def of_a_run(kind: str, content: bytes, how: str) -> Input:
        path = folder / f"{kind}.{ENDINGS[kind]}"
        path.write_bytes(content)
        if kind == "history":
            read = partial(report.gather, runs, lambda name: readers.curve(path, runs[name].epochs))
            return Input(f"{kind}: {how}", read, partial(reference.of_csv, content, {"clipped"}))
        read = partial(report.gather, runs, lambda _: getattr(readers, kind)(path))
        return Input(f"{kind}: {how}", read, partial(reference.of_json, content))

    def study(rng: random.Random) -> Input:
        name = rng.choice(list(known))
        path = folder / f"{name}.csv"
        content, how = _text(rng, (reports / f"studies/{name}.csv").read_text(encoding="utf-8"))
        path.write_bytes(content)
        points = {" ".join(f"{k}={v}" for k, v in point.items()): point for point in multiplied(known[name].points)}
        read, confirm = partial(study_table.read, path, known[name]), partial(reference.of_study, content, points)
        return Input(f"study: {how}", read, confirm)

    def of_a_study(rng: random.Random) -> Input:
        changed, contents = rng.choice(list(parts)), {part: text.encode() for part, text in parts.items()}
        contents[changed], how = _text(rng, parts[changed])
        for part, content in contents.items():
            (kept / f"{part}.csv").write_bytes(content)
        at = list(parts).index(changed)
        confirm = partial(reference.of_csv, contents[changed], reference.KEPT_GAPS)
        return Input(f"kept {changed}: {how}", lambda: keeping.kept(kept), lambda tables: confirm(tables[at]))

    def answers(rng: random.Random) -> Input:
        path, table = folder / "answers.parquet", _answers(rng)
        files.write_table(path, table)
        return Input("answers: a probability replaced", partial(readers.answers, path), partial(_same, table))

    places = [(kind, place) for kind, text in whole.items() for place in list(VALUE.finditer(text))[:FIRST]]

    def make(rng: random.Random, number: int) -> Input:
        if number % 2:  # each value in each place
            turn, at = divmod(number // 2, len(places))
            kind, place = places[at]
            return of_a_run(kind, *texts.each(whole[kind], [place], NUMBERS, turn))
        way = rng.choice((*whole, study, study, of_a_study, of_a_study, answers))
        return of_a_run(way, *_text(rng, whole[way])) if way in whole else way(rng)

    return make


def _value_replaced(rng: random.Random, text: str) -> str:
    places = list(VALUE.finditer(text))
    return texts.put(text, rng.choice(places), rng.choice(NUMBERS)) if places else text


def _text(rng: random.Random, text: str) -> tuple[bytes, str]:
    ways = (*texts.TEXTS, texts.number_replaced, texts.number_replaced, texts.word_replaced)
    return texts.text(rng, text, (*ways, _value_replaced, _value_replaced, _value_replaced), most=2)


def _answers(rng: random.Random) -> pa.Table:
    """Five answers, one of them often with an impossible probability."""
    shares = [rng.random() for _ in range(5)]
    shares[rng.randrange(5)] = rng.choice((0.5, 0.0, 1.0, 1, -0.1, 1.1, float("nan"), float("inf"), None))
    written = ["3"] * 5
    if rng.random() < 0.1:
        written[rng.randrange(5)] = None
    columns = (["1+2="] * 5, [3] * 5, written, ["3"] * 5, [True] * 5, ["a+b"] * 5, shares)
    arrays = [pa.array(column, field.type) for column, field in zip(columns, files.PREDICTIONS, strict=True)]
    return pa.Table.from_arrays(arrays, schema=files.PREDICTIONS)


def _same(table: pa.Table, found: pd.DataFrame) -> str:
    shares = table["probability"].to_pylist()
    if not all(reference.fits("probability", share, set()) for share in shares):
        return f"out of range: {shares}"
    if None in table["written"].to_pylist():
        return "a gap"
    return "" if found.to_dict("list") == table.to_pydict() else "other answers"
