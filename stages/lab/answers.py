"""Studies of answers: trained networks tested on rows of other datasets, or on reweighted rows of their own.

{'run': 'single_digit-lstm', 'dataset': 'two_digit', 'asked': 'outside'}  ->  exact match 0.003 of 50,000 rows
"""

import sys
import tempfile
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from stages import files, params, studies, study_table
from stages.lab.dvc import call
from stages.lab.networks import Find

REST = 50_000  # rows: enough to know a share within 0.004, and answered in seconds


def shares(predictions: pd.DataFrame, weights: pd.Series) -> dict:
    """Weighted shares of answers that are correct, and of those with the correct length, first and last character.

    `rows` is the effective sample size (Kish 1965).
    """
    predicted, true = predictions["predicted"], predictions["tgt"].astype(str)
    right = {
        "exact_match": predictions["correct"],
        "right_length": predicted.str.len() == true.str.len(),
        "right_first": predicted.str[:1] == true.str[:1],
        "right_last": predicted.str[-1:] == true.str[-1:],
    }
    rows = round(weights.sum() ** 2 / (weights**2).sum())
    return {"rows": rows} | {name: np.average(hits, weights=weights) for name, hits in right.items()}


def common(own: pd.DataFrame, other: pd.DataFrame) -> pd.Series:
    """Weights of the own rows that give both tables the same mix of templates and answer lengths.

    Each kind counts with the smaller of its two shares. `common(other, own)` gives the weights of the other rows.
    """
    kinds, wanted = _kinds(own), _kinds(other)
    shares = kinds.value_counts(normalize=True)
    both = np.minimum(shares, wanted.value_counts(normalize=True).reindex(shares.index, fill_value=0))
    return kinds.map(both / shares)


def _kinds(rows: pd.DataFrame) -> pd.Series:
    return rows["template"].astype(str) + " " + rows["tgt"].astype(str).str.len().astype(str)


def sampled(data: Path, name: str) -> pa.Table:
    """The rows named DATASET/train, DATASET/valid or DATASET/rest.

    The rest is at most REST of the rows that the dataset's rule keeps, without training rows.
    """
    dataset, _, part = name.partition("/")
    if part != "rest":
        return files.read_table(data / "samples" / dataset / f"{part}.parquet")
    rows = files.read_table(data / "subsets" / f"{dataset}.parquet")
    rows = rows.filter(pc.invert(pc.is_in(rows["src"], sampled(data, f"{dataset}/train")["src"])))
    return rows.take(np.random.default_rng(0).permutation(len(rows))[:REST])


class Networks:
    """Trained networks, whose model files `find` knows, and the tables in the folder `data` to test them on."""

    def __init__(self, path: Path, data: Path, find: Find):
        self.path, self.data, self.find = path, data, find
        self.answers = cache(self._answers)

    def ask(self, point: studies.Point) -> dict:
        """The measures at a point, whose keys are:

        run, seed       the network: the pipeline's, or the run trained with another seed
        dataset, part   the rows to test it on; part is train, valid or rest
        asked           all of these rows, or only those inside or outside the rule of the run's own dataset
        like            a table DATASET/PART whose mix the rows are weighted to have (see `common`), or none
        """
        own = params.find(self.path, "runs", point["run"])[1].dataset
        usual = {"seed": None, "dataset": own, "part": "rest", "asked": "all", "like": "none"}
        run, seed, dataset, part, asked, like = {"run": None, **usual, **point}.values()
        rows = self.answers(self.find(run, seed), f"{dataset}/{part}")
        if (dataset, part) != (own, "train"):
            rows = rows[~rows["src"].isin(sampled(self.data, f"{own}/train")["src"].to_pandas())]
        if asked != "all":
            inside = files.read_table(self.data / "subsets" / f"{own}.parquet")["src"].to_pandas()
            rows = rows[rows["src"].isin(inside) == (asked == "inside")]
        weights = pd.Series(1.0, rows.index)
        if like != "none":
            weights = common(rows, sampled(self.data, like).to_pandas())
        if not weights.sum():
            return {"status": f"{study_table.LEFT_OUT}: there are no such rows"}
        return {"status": study_table.DONE, **shares(rows[weights > 0], weights[weights > 0])}

    def _answers(self, model: Path, name: str) -> pd.DataFrame:
        """A network's answers to a table, from the stage `evaluate`, whose other outputs are dropped."""
        with tempfile.TemporaryDirectory() as folder:
            rows, answers = Path(folder) / "rows", Path(folder) / "predictions"
            files.write_table(rows, sampled(self.data, name))
            kinds = "predictions", "products", "metrics", "history", "plots"
            outputs = [word for kind in kinds for word in (f"--{kind}", str(Path(folder) / kind))]
            outputs += ["--train", str(rows)]  # for metrics that are dropped
            call(sys.executable, "-m", "stages.evaluate", *map(str, (self.path, model, rows)), *outputs)
            return files.read_table(answers, files.PREDICTIONS).to_pandas()
