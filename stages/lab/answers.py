"""Answers: the networks that there are, asked other rows than their own, or their own in another mix.

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

REST = 50_000  # rows that tell a share to 0.004 or better, and are answered in seconds


def shares(predictions: pd.DataFrame, weights: pd.Series) -> dict:
    """Weighted shares of answers that are right, as long as the right one, and right in its first and last character.

    `rows` is how many unweighted rows would say as much (Kish 1965).
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
    """A weight for each own row, so that templates and answer lengths are mixed as far as both tables have them.

    Of each kind the smaller of the two shares counts: other rows weighted against own ones get the same mix.
    """
    kinds, wanted = _kinds(own), _kinds(other)
    shares = kinds.value_counts(normalize=True)
    both = np.minimum(shares, wanted.value_counts(normalize=True).reindex(shares.index, fill_value=0))
    return kinds.map(both / shares)


def _kinds(rows: pd.DataFrame) -> pd.Series:
    return rows["template"].astype(str) + " " + rows["tgt"].astype(str).str.len().astype(str)


def sampled(data: Path, name: str) -> pa.Table:
    """A dataset's rows to train on, as DATASET/train, or to validate on, as DATASET/valid; or as DATASET/rest at most
    50,000 of all that its rule keeps and that are not to train on.
    """
    dataset, _, part = name.partition("/")
    if part != "rest":
        return files.read_table(data / "samples" / dataset / f"{part}.parquet")
    rows = files.read_table(data / "subsets" / f"{dataset}.parquet")
    rows = rows.filter(pc.invert(pc.is_in(rows["src"], sampled(data, f"{dataset}/train")["src"])))
    return rows.take(np.random.default_rng(0).permutation(len(rows))[:REST])


class Networks:
    """The trained networks of `data`, and the tables that they can be asked."""

    def __init__(self, path: Path, data: Path):
        self.path, self.data = path, data
        self.answers = cache(self._answers)

    def ask(self, point: studies.Point) -> dict:
        """Keys of a point: the `run`; the `dataset` and `part` (train, valid or rest) of the rows that it is asked; of
        these all, or those `asked` which its own dataset's rule keeps (inside) or leaves out (outside); the rows, as
        DATASET/PART, whose mix they take as far as it is theirs too (`like`).
        """
        own = params.find(self.path, "runs", point["run"])[1].dataset
        usual = {"dataset": own, "part": "rest", "asked": "all", "like": "none"}
        _, dataset, part, asked, like = {"run": None, **usual, **point}.values()
        rows = self.answers(point["run"], f"{dataset}/{part}")
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

    def _answers(self, run: str, name: str) -> pd.DataFrame:
        """By the stage that answers validation rows, whose other outputs are not wanted here."""
        with tempfile.TemporaryDirectory() as folder:
            rows, answers = Path(folder) / "rows", Path(folder) / "predictions"
            files.write_table(rows, sampled(self.data, name))
            model = self.data / "models" / f"{run}.safetensors"
            kinds = "predictions", "products", "metrics", "history", "plots"
            made = [word for kind in kinds for word in (f"--{kind}", str(Path(folder) / kind))]
            call(sys.executable, "-m", "stages.evaluate", *map(str, (self.path, model, rows)), *made)
            return files.read_table(answers, files.PREDICTIONS).to_pandas()
