"""Damage to tables of other programs, as pandas and pyarrow write them. Python's own parser confirms each good row.

src,tgt
2*(3+4),14   ->  a good row; with a bit of the 4 flipped, '2*(3+5)' is 16, not 14
"""

import io
import random
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pandas as pd
import pyarrow as pa
from pyarrow import feather, ipc

from stages.external import rows as external
from tests.fuzz import mutations, texts
from tests.fuzz.expressions import expression, text, value
from tests.fuzz.trial import LONGEST, Input

LARGEST = 10**18


def inputs(folder: Path) -> Callable[[random.Random, int], Input]:
    def make(rng: random.Random, number: int) -> Input:
        table, good = _table(rng)
        ending = rng.choice(list(WRITERS))
        content, done = WRITERS[ending](rng, table), [ending]
        damaged = rng.random() < 0.8
        if damaged and ending in (".csv", ".tsv", ".jsonl") and rng.random() < 0.5:
            content, how = texts.text(rng, content.decode(), (*texts.TEXTS, texts.number_replaced, texts.word_replaced))
            done.append(how)
        elif damaged:
            ways = rng.choices(mutations.BYTES + mutations.ONE_BIT, k=rng.choice((1, 1, 2)))
            for way in ways:
                content = way(rng, content) if content else content
            done += ways
        path = folder / f"mine{ending}"
        path.write_bytes(content)
        expected = None if damaged else good
        read, refused = partial(_read, path), str if damaged else partial(str, "refused although undamaged")
        return Input(mutations.described(done), read, lambda found: wrong(found, expected), refused)

    return make


def _read(path: Path) -> list[external.Row]:
    return list(external.read(path))


def wrong(found: list[external.Row], good: list[int | None] | None) -> str:
    """What is wrong with the rows; an empty text if nothing is.

    `good` has the value of each row, None for a bad row; it is None if the file was damaged.
    """
    for row in found:
        if row.wrong is None:
            true = value(row.src.removesuffix("="))
            if true is None or true != row.tgt or abs(true) > LARGEST or not row.src.endswith("="):
                return f"{row.src!r:.60} is {true}, not {row.tgt}"
        elif not row.wrong.isprintable() or not row.wrong.startswith("row ") or len(row.wrong) > LONGEST:
            return f"reported {row.wrong[:100]!r}"
    values = [row.tgt if row.wrong is None else None for row in found]
    return f"{values} instead of {good}" if good is not None and values != good else ""


def _table(rng: random.Random) -> tuple[pd.DataFrame, list[int | None]]:
    """Some rows, one in five of them bad; and each row's value, None for a bad one."""
    rows, good = [], []
    for _ in range(rng.randrange(1, 12)):
        src = expression(rng, 2)
        true = value(src)
        tgt = str(true)
        match rng.randrange(15):
            case 0:
                tgt = str(true + rng.choice((1, -1, 10)))
            case 1:
                tgt = rng.choice(("", "nan", "1/2", "seven", "0x1"))
            case 2:
                src = text(rng)[0].encode("utf-8", "replace").decode().translate({0: "?", 10: "?", 13: "?", 27: "?"})
                true = value(src)
                tgt = str(true)
            case 3:
                tgt += ".0"
        right = true is not None and abs(true) <= LARGEST and tgt.removesuffix(".0") == str(true)
        rows.append((src, "a note", tgt))
        good.append(true if right else None)
    table = pd.DataFrame(rows, columns=["src", "note", "tgt"])
    if all(re.fullmatch("-?[0-9]{1,15}", tgt) for tgt in table["tgt"]):
        table["tgt"] = table["tgt"].astype(rng.choice(("str", "int64", "float64")))
    if rng.random() < 0.2:
        table["src"] = table["src"].astype("category")
    return table, good


def _csv(separator: str, encoding: str = "utf-8") -> Callable[[random.Random, pd.DataFrame], bytes]:
    return lambda rng, table: table.to_csv(index=False, sep=separator).encode(encoding)


def _json(rng: random.Random, table: pd.DataFrame) -> bytes:
    return table.to_json(orient="records", lines=True, force_ascii=rng.random() < 0.5).encode()


def _parquet(rng: random.Random, table: pd.DataFrame) -> bytes:
    out = io.BytesIO()
    table.to_parquet(out, compression=rng.choice(("snappy", "zstd", "none")))
    return out.getvalue()


def _feather(rng: random.Random, table: pd.DataFrame) -> bytes:
    out = io.BytesIO()
    feather.write_feather(table, out, compression=rng.choice(("lz4", "zstd", "uncompressed")))
    return out.getvalue()


def _stream(rng: random.Random, table: pd.DataFrame) -> bytes:
    out, whole = io.BytesIO(), pa.Table.from_pandas(table)
    with ipc.new_stream(out, whole.schema) as writer:
        writer.write_table(whole)
    return out.getvalue()


def _packed(method: str) -> Callable[[random.Random, pd.DataFrame], bytes]:
    def written(rng: random.Random, table: pd.DataFrame) -> bytes:
        out = io.BytesIO()
        table.to_csv(out, index=False, compression=method)
        return out.getvalue()

    return written


WRITERS = {
    ".csv": _csv(","),
    ".txt": _csv(";", "utf-16"),
    ".tsv": _csv("\t", "utf-8-sig"),
    ".jsonl": _json,
    ".parquet": _parquet,
    ".feather": _feather,
    ".arrow": _stream,
    ".csv.gz": _packed("gzip"),
    ".csv.xz": _packed("xz"),
    ".csv.zip": _packed("zip"),
}
