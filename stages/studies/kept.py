"""What a study keeps of a trained network: its curve, its answers, also to larger operands, perhaps its weights.

keep  ->  reports/studies/calculator/steps/history.csv, kinds.csv, mistakes.csv, beyond.csv, …
"""

import json
import re
import shutil
import tempfile
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from stages.arithmetic import grammar
from stages.common import tables
from stages.network import PREDICTIONS, scores, tokens, weights

HELD_OUT = 1000  # rows from which the page's calculator picks examples
KEPT = ["src", "tgt", "written", "predicted", "template", "probability"]
BEYOND = 3000  # rows of each kind that the corpus does not have: enough to know a share within 0.02
STEPS = 200  # tokens for an answer to an expression that the corpus does not have: longer than any worked answer to it


def keep(files: dict[str, Path], folder: Path, ships: Path | None = None) -> None:
    """Write the curve, and the answers of the network in float16, which halves its size, into the folder.

    `files` are the network's, by the names of `Trainings.evaluated`. `ships` is the path of the weights, if they ship.
    """
    with tempfile.TemporaryDirectory() as temporary:
        half = Path(temporary) / "half"
        network = weights.load(files["model"])
        network.model.half()
        weights.save(half, network)
        network = weights.load(half)
        answers = _answered(network, tables.read_table(files["valid"]))
        drawn = np.random.default_rng(0).permutation(len(answers))[:HELD_OUT]
        kept = {
            "history": pd.read_csv(files["history"]),
            "kinds": kinds(answers),
            "mistakes": mistakes(answers),
            "held_out": answers.loc[drawn, KEPT],
            "beyond": _beyond(network),
            "map": right_or_wrong(network),
        }
        before = tables.read_table(files["predictions"], PREDICTIONS).to_pandas()
        rounding = {
            "sha256": weights.read(half)[0]["sha256"],
            "parameters": sum(weight.numel() for weight in network.model.parameters()),
            "train_rows": pq.read_metadata(files["train"]).num_rows,
            "rows": len(answers),
            "changed": int((answers["written"] != before["written"]).sum()),
            "exact_match": round(float(answers["correct"].mean()), 6),
        }
        if pq.read_metadata(files["test"]).num_rows:
            tested = _answered(network, tables.read_table(files["test"]))
            rounding |= {"test_rows": len(tested), "test_wrong": len(mistakes(tested))}
        texts = {f"{name}.csv": table.to_csv(index=False, float_format="%.6g") for name, table in kept.items()}
        texts["rounding.json"] = json.dumps(rounding, indent=2) + "\n"
        # Two copies: `predict` reads the one in data/models; `report` depends on whole folders, and a fresh clone has
        # only the study's folder completely
        models = [ships, folder / "network.safetensors"] if ships else []
        with tables.atomic(*(folder / name for name in texts), *models) as drafts:
            for draft, text in zip(drafts, texts.values(), strict=False):
                tables.write_text(draft, text)
            for draft in drafts[len(texts) :]:
                shutil.copyfile(half, draft)


def kinds(answers: pd.DataFrame) -> pd.DataFrame:
    """The numbers of rows and of correct answers, by template and length of the true answer."""
    return _counts(answers.assign(length=answers["tgt"].astype(str).str.len()), ["template", "length"])


def mistakes(answers: pd.DataFrame) -> pd.DataFrame:
    """The rows with a wrong answer."""
    return answers.loc[~answers["correct"], KEPT]


def beyond(operands: int) -> pd.DataFrame:
    """BEYOND expressions of each kind that the corpus over 0..operands-1 lacks, each template equally often."""
    chance, rows = np.random.default_rng(0), []
    for kind, (templates, large, low, high) in _kinds(operands).items():
        for number in range(BEYOND):
            template = templates[number % len(templates)]
            letters = re.findall("[a-f]", template)
            values = dict(zip(letters, chance.integers(low, high, size=len(letters)).tolist(), strict=True))
            for letter in chance.permutation(letters)[:large]:
                values[letter] += operands
            src = re.sub("[a-f]", lambda letter: str(values[letter[0]]), template)  # noqa: B023 - used at once
            rows.append((kind, template, f"{src}=", grammar.value(src)))
    return pd.DataFrame(rows, columns=["kind", "template", "src", "tgt"])


def _kinds(operands: int) -> dict[str, tuple[list[str], int, int, int]]:
    """By kind: its templates, how many operands are raised by `operands`, and the range that all are drawn from."""
    last = 2 * operands - 1
    every, pairs = list(grammar.TEMPLATES), [template for template in grammar.TEMPLATES if "c" not in template]
    threes = [template for template in every if "c" in template]
    four = ["a{}b{}c{}d".format(*signs) for signs in product(grammar.OPERATORS, repeat=3)]
    six = ["a{}b{}c{}d{}e{}f".format(*signs) for signs in product(grammar.OPERATORS, repeat=5)]
    return {
        f"1 operand from {operands} to {last}": (every, 1, 0, operands),
        f"2 operands from {operands} to {last}": (every, 2, 0, operands),
        f"3 operands from {operands} to {last}": (threes, 3, 0, operands),
        "four operands": (four, 0, 0, operands),
        "six operands": (six, 0, 0, operands),
        "operands from 100 to 999": (every, 0, 100, 1000),
        "two operands from 1,000 to 9,999": (pairs, 0, 1000, 10_000),
    }


def right_or_wrong(network: weights.Trained) -> pd.DataFrame:
    """A row per operator and first operand from 0 to 99: a 1 or 0 for each second operand, right or wrong."""
    numbers = range(2 * network.operands)
    rows = [(f"{a}{operator}{b}", operator, a) for operator in grammar.OPERATORS for a in numbers for b in numbers]
    asked = pd.DataFrame(rows, columns=["text", "operator", "first"])
    asked["right"] = _right(network, asked["text"] + "=", asked["text"].map(grammar.value)).astype(int).astype(str)
    return asked.groupby(["operator", "first"], sort=False)["right"].agg("".join).reset_index()


def _answered(network: weights.Trained, rows: pa.Table) -> pd.DataFrame:
    sources, answers = tokens.encode_table(rows, network.scratchpad)
    return scores.answer(network, rows, sources, answers)[0].to_pandas()


def _beyond(network: weights.Trained) -> pd.DataFrame:
    """The numbers of rows and of correct answers beyond the corpus, by kind and template."""
    rows = beyond(network.operands)
    return _counts(rows.assign(correct=_right(network, rows["src"], rows["tgt"])), ["kind", "template"], sort=False)


def _right(network: weights.Trained, sources: pd.Series, values: pd.Series) -> np.ndarray:
    """Whether the network's answers have these values (N)."""
    decoded, _ = scores.decode(network, tokens.encode_sources(list(sources)), STEPS)
    return scores.exact(network.values(decoded), tokens.encode_answers(values)).numpy()


def _counts(answers: pd.DataFrame, by: list[str], sort: bool = True) -> pd.DataFrame:
    return answers.groupby(by, observed=True, sort=sort)["correct"].agg(rows="size", right="sum").reset_index()
