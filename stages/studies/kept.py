"""What a study keeps of a trained network: its curve, its answers, also to larger operands, perhaps its weights.

keep  ->  reports/studies/calculator/steps/history.csv, kinds.csv, mistakes.csv, beyond.csv, …
"""

import json
import re
import shutil
import tempfile
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from stages.arithmetic import grammar
from stages.common import tables
from stages.network import scores, tokens, weights

HELD_OUT = 1000  # rows from which the page's calculator picks examples
KEPT = ["src", "tgt", "written", "predicted", "template", "probability"]
BEYOND = 3000  # rows of each kind that the corpus does not have: enough to know a share within 0.02
STEPS = 200  # tokens for an answer to an expression that the corpus does not have: longer than any worked answer to it


@dataclass(frozen=True)
class Place:
    """Where a point's files go. The network that ships also has a model file, and the corpus that it is asked."""

    folder: Path
    model: Path
    corpus: Path | None


def keep(model: Path, rows: Path, outputs: dict[str, Path], place: Place) -> None:
    """Write the curve, and the answers of the network in float16, which halves its size.

    `outputs` are the files of `evaluate` by name. The network that ships is also asked the whole corpus, and its
    weights are written.
    """
    with tempfile.TemporaryDirectory() as folder:
        half = Path(folder) / "half"
        network = weights.load(model)
        network.model.half()
        weights.save(half, network)
        before = tables.read_table(outputs["predictions"], tables.PREDICTIONS).to_pandas()
        answers, rounding = asked(half, tables.read_table(rows), before["written"])
        if place.corpus:
            answers |= everything(half, tables.read_table(place.corpus))
        texts = {
            "history.csv": _csv(pd.read_csv(outputs["history"])),
            "rounding.json": json.dumps(rounding, indent=2) + "\n",
        }
        texts |= {f"{name}.csv": _csv(table) for name, table in answers.items()}
        # Two copies: `predict` reads the one in data/models, `report` the one in the study's folder, because it depends
        # on whole folders: a fresh clone has all of this one, but not of data/models
        networks = [place.model, place.folder / "network.safetensors"] if place.corpus else []
        with tables.atomic(*(place.folder / name for name in texts), *networks) as drafts:
            for path, text in zip(drafts, texts.values(), strict=False):
                tables.write_text(path, text)
            for path in drafts[len(texts) :]:
                shutil.copyfile(half, path)


def asked(model: Path, rows: pa.Table, before: pd.Series) -> tuple[dict[str, pd.DataFrame], dict]:
    """The network's answers to all held-out rows and beyond the corpus, as tables by name; its size and the rounding.

    The tables are kinds, mistakes, held_out (HELD_OUT rows drawn with a fixed seed) and beyond. `before` is what the
    network wrote before its weights were rounded to float16.
    """
    network = weights.load(model)
    found = _answered(network, rows)
    rounding = {
        "sha256": weights.read(model)[0]["sha256"],
        "parameters": sum(weight.numel() for weight in network.model.parameters()),
        "rows": len(found),
        "changed": int((found["written"].to_numpy() != before.to_numpy()).sum()),
        "exact_match": round(float(found["correct"].mean()), 6),
    }
    drawn = np.random.default_rng(0).permutation(len(found))[:HELD_OUT]
    tables = {"kinds": kinds(found), "mistakes": mistakes(found), "held_out": found.loc[drawn, KEPT]}
    return tables | {"beyond": _beyond(network)}, rounding


def everything(model: Path, corpus: pa.Table) -> dict[str, pd.DataFrame]:
    """The numbers of rows and of correct answers over the whole corpus, and every wrong answer to two operands."""
    network = weights.load(model)
    found = pd.concat(_answered(network, corpus.slice(start, 2**18)) for start in range(0, len(corpus), 2**18))
    pairs = found["template"].astype(str).str.len() == len("a+b")
    counts = found.groupby("template", observed=True)["correct"].agg(rows="size", right="sum").reset_index()
    return {"everything": counts, "pairs": mistakes(found[pairs])}


def kinds(answers: pd.DataFrame) -> pd.DataFrame:
    """The numbers of rows and of correct answers, by template and length of the true answer."""
    length = answers["tgt"].astype(str).str.len().rename("length")
    counts = answers.groupby(["template", length], observed=True)["correct"].agg(rows="size", right="sum")
    return counts.reset_index()


def mistakes(answers: pd.DataFrame) -> pd.DataFrame:
    """The rows with a wrong answer."""
    return answers.loc[~answers["correct"], KEPT]


def beyond(operands: int) -> pd.DataFrame:
    """BEYOND expressions of each kind, for a network of the corpus over 0..operands-1: kind, template, src and tgt."""
    chance = np.random.default_rng(0)
    rows = []
    for large in (1, 2, 3):
        kind = f"{large} operand{'s' if large > 1 else ''} from {operands} to {2 * operands - 1}"
        rows += _drawn(kind, [one for one in grammar.TEMPLATES if len(_letters(one)) >= large], large, operands, chance)
    four = ["a{}b{}c{}d".format(*signs) for signs in product(grammar.OPERATORS, repeat=3)]
    rows += _drawn("four operands", four, 0, operands, chance)
    return pd.DataFrame(rows, columns=["kind", "template", "src", "tgt"])


def _answered(network: weights.Trained, rows: pa.Table) -> pd.DataFrame:
    sources, answers = tokens.encode_table(rows, "the corpus", network.scratchpad)
    return scores.answer(network, rows, sources, answers)[0].to_pandas()


def _beyond(network: weights.Trained) -> pd.DataFrame:
    """The numbers of rows and of correct answers beyond the corpus, by kind and template."""
    rows = beyond(network.operands)
    decoded, _ = scores.decode(network.model, tokens.encode_sources(list(rows["src"])), STEPS)
    right = scores.exact(network.values(decoded), tokens.encode_answers(rows["tgt"])).numpy()
    counts = rows.assign(right=right).groupby(["kind", "template"], sort=False)["right"].agg(rows="size", right="sum")
    return counts.reset_index()


def _csv(table: pd.DataFrame) -> str:
    return table.to_csv(index=False, float_format="%.6g")


def _letters(template: str) -> list[str]:
    return re.findall("[a-d]", template)


def _drawn(kind: str, templates: list[str], large: int, operands: int, chance: np.random.Generator) -> list[tuple]:
    """BEYOND rows, each template equally often, `large` operands in each too large for the corpus."""
    rows = []
    for number in range(BEYOND):
        template = templates[number % len(templates)]
        letters = _letters(template)
        values = dict(zip(letters, chance.integers(operands, size=len(letters)).tolist(), strict=True))
        for letter in chance.permutation(letters)[:large]:
            values[letter] += operands
        src = re.sub("[a-d]", lambda letter: str(values[letter[0]]), template)  # noqa: B023 - used at once
        rows.append((kind, template, f"{src}=", grammar.value(src)))
    return rows
