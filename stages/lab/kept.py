"""What a study keeps of a trained network, from the experiment's commit: its curve, its answers, perhaps its weights.

keep  ->  reports/studies/calculator/steps/history.csv, kinds.csv, mistakes.csv, beyond.csv, …
"""

import json
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from stages import files, model_file
from stages.lab.beyond import beyond
from stages.lab.dvc import call
from stages.network import alphabet, scores, weights

HELD_OUT = 1000  # rows from which the page's calculator picks examples
KEPT = ["src", "tgt", "written", "predicted", "template", "probability"]
STEPS = 200  # tokens for an answer to an expression that the corpus does not have: longer than any worked answer to it


@dataclass(frozen=True)
class Place:
    """Where a point's files go: its folder and, for the network that ships, the model file."""

    folder: Path
    model: Path | None


def keep(commit: str, run: str, dataset: str, history: pd.DataFrame, data: Path, place: Place) -> None:
    """Write the curve, and the answers of the network in float16, which halves its size.

    The network that ships is also asked the whole corpus, and its weights are written.
    """
    with tempfile.TemporaryDirectory() as outputs:

        def get(path: Path) -> Path:
            """A copy of a file of the commit, from DVC's cache."""
            call("dvc", "get", ".", path.as_posix(), "--rev", commit, "--out", str(Path(outputs) / path.name))
            return Path(outputs) / path.name

        network = weights.load(get(data / "models" / f"{run}.safetensors"))
        before = files.read_table(get(data / "predictions" / f"{run}.parquet"), files.PREDICTIONS).to_pandas()
        rows = files.read_table(get(data / "samples" / dataset / "valid.parquet"))
        network.model.half()
        half = Path(outputs) / "half"
        weights.save(half, network)
        tables, rounding = asked(half, rows, before["written"])
        if place.model:
            tables |= everything(half, files.read_table(get(data / "corpus.parquet")))
        texts = {"history.csv": _csv(history), "rounding.json": json.dumps(rounding, indent=2) + "\n"}
        texts |= {f"{name}.csv": _csv(table) for name, table in tables.items()}
        # Two copies: `predict` reads the one in data/models, `report` the one in the study's folder, because it depends
        # on whole folders: a fresh clone has all of this one, but not of data/models
        networks = [place.model, place.folder / "network.safetensors"] if place.model else []
        with files.atomic(*(place.folder / name for name in texts), *networks) as drafts:
            for path, text in zip(drafts, texts.values(), strict=False):
                files.write_text(path, text)
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
        "sha256": model_file.read(model)[0]["sha256"],
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


def _answered(network: weights.Trained, rows: pa.Table) -> pd.DataFrame:
    sources, answers = alphabet.encode_table(rows, "the corpus", network.scratchpad)
    return scores.answer(network, rows, sources, answers)[0].to_pandas()


def _beyond(network: weights.Trained) -> pd.DataFrame:
    """The numbers of rows and of correct answers beyond the corpus, by kind and template."""
    rows = beyond(network.operands)
    decoded, _ = scores.decode(network.model, alphabet.encode_sources(list(rows["src"])), STEPS)
    right = scores.exact(network.values(decoded), alphabet.encode_answers(rows["tgt"])).numpy()
    counts = rows.assign(right=right).groupby(["kind", "template"], sort=False)["right"].agg(rows="size", right="sum")
    return counts.reset_index()


def _csv(table: pd.DataFrame) -> str:
    return table.to_csv(index=False, float_format="%.6g")
