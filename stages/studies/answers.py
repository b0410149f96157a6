"""Studies of answers: trained networks tested on rows of other datasets, or on reweighted rows of their own.

{'run': 'single_digit-lstm', 'dataset': 'two_digit', 'asked': 'outside'}  ->  exact match 0.003 of 50,000 rows
"""

import tempfile
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from stages.common import params, tables
from stages.network import PREDICTIONS
from stages.studies import design, table
from stages.studies.trainings import Trainings

REST = 50_000  # rows: enough to know a share within 0.004, and answered in seconds


def shares(predictions: pd.DataFrame, weights: pd.Series) -> dict:
    """Weighted shares of answers that are correct, and of those with the correct length, first and last character."""
    predicted, true = predictions["predicted"], predictions["tgt"].astype(str)
    right = {
        "exact_match": predictions["correct"],
        "right_length": predicted.str.len() == true.str.len(),
        "right_first": predicted.str[:1] == true.str[:1],
        "right_last": predicted.str[-1:] == true.str[-1:],
    }
    rows = round(weights.sum() ** 2 / (weights**2).sum())  # the effective sample size (Kish 1965)
    return {"rows": rows} | {name: np.average(hits, weights=weights) for name, hits in right.items()}


def common(own: pd.DataFrame, other: pd.DataFrame) -> pd.Series:
    """Weights of the own rows that give both tables the same mix of templates and answer lengths.

    Each kind counts with the smaller of its two shares. `common(other, own)` gives the weights of the other rows.
    """
    kinds, wanted = (
        rows["template"].astype(str) + " " + rows["tgt"].astype(str).str.len().astype(str) for rows in (own, other)
    )
    shares = kinds.value_counts(normalize=True)
    both = np.minimum(shares, wanted.value_counts(normalize=True).reindex(shares.index, fill_value=0))
    return kinds.map(both / shares)


def sampled(data: Path, name: str) -> pa.Table:
    """The rows named DATASET/train, DATASET/valid or DATASET/rest: at most REST that are not training rows."""
    dataset, _, part = name.partition("/")
    if part != "rest":
        return tables.read_table(data / "samples" / dataset / f"{part}.parquet")
    rows = tables.read_table(data / "subsets" / f"{dataset}.parquet")
    rows = rows.filter(pc.invert(pc.is_in(rows["src"], sampled(data, f"{dataset}/train")["src"])))
    return rows.take(np.random.default_rng(0).permutation(len(rows))[:REST])


class Networks:
    """The pipeline's networks and those that `trainings` has or trains, and the tables in `data` to test them on."""

    def __init__(self, path: Path, data: Path, trainings: Trainings):
        self.path, self.data, self.trainings = path, data, trainings
        self.answers = cache(self._answers)

    def ask(self, point: design.Point) -> dict:
        """The measures at a point, whose keys studies.yaml explains."""
        own = params.find(self.path, "runs", point["run"])[1]
        seed, dataset, part = point.get("seed", own.seed), point.get("dataset", own.dataset), point.get("part", "rest")
        asked, like = point.get("asked", "all"), point.get("like", "none")
        rows = self.answers(point["run"], None if seed == own.seed else seed, f"{dataset}/{part}")
        if (dataset, part) != (own.dataset, "train"):
            rows = rows[~rows["src"].isin(sampled(self.data, f"{own.dataset}/train")["src"].to_pandas())]
        if asked != "all":
            inside = tables.read_table(self.data / "subsets" / f"{own.dataset}.parquet")["src"].to_pandas()
            rows = rows[rows["src"].isin(inside) == (asked == "inside")]
        weights = pd.Series(1.0, rows.index)
        if like != "none":
            weights = common(rows, sampled(self.data, like).to_pandas())
        if not weights.sum():
            return {"status": f"{table.LEFT_OUT}: there are no such rows"}
        return {"status": table.DONE, **shares(rows[weights > 0], weights[weights > 0])}

    def _answers(self, run: str, seed: int | None, name: str) -> pd.DataFrame:
        """The answers to a table of the pipeline's network of a run, or of the one with another seed."""
        with tempfile.TemporaryDirectory() as folder:
            place = Path(folder)
            tables.write_table(rows := place / "rows", sampled(self.data, name))
            network = {"model": self.data / "models" / f"{run}.safetensors", "params": self.path}
            if seed is not None:
                network = self.trainings.network(run, {"seed": seed}, place)
            # Its metrics, for which it reads training rows, are not used
            outputs = self.trainings.evaluate(network["params"], network["model"], rows, rows, place)
            return tables.read_table(outputs["predictions"], PREDICTIONS).to_pandas()
