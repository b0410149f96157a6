"""A network of the whole corpus: what its study kept, and its exact match beside that of others.

epoch 1, valid_exact_match 0.356  ->  name 'adamw', epoch 1, hours 0.15, exact_match 0.356
"""

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from stages.page.references import OTHERS
from stages.studies import design


@dataclass(frozen=True)
class Whole:
    """What the study `calculator` kept of a point: its row and its curve.

    Of the network in float16: counts of each kind, the wrong answers, some held-out rows, counts beyond the corpus, its
    size and what the rounding changed, and which pairs of operands it answers correctly, if it was asked.
    """

    name: str
    point: design.Point
    row: pd.Series
    history: pd.DataFrame
    kinds: pd.DataFrame
    mistakes: pd.DataFrame
    held_out: pd.DataFrame
    beyond: pd.DataFrame
    rounding: dict
    map: pd.DataFrame | None

    @property
    def title(self) -> str:
        return self.name.replace("_", " ")

    @property
    def rows(self) -> int:
        return int(self.kinds["rows"].sum())

    @property
    def exact_match(self) -> float:
        return self.rounding["exact_match"]

    @property
    def hours(self) -> float:
        return float(self.row["seconds_per_epoch"]) * self.history["epoch"].iloc[-1] / 3600

    @property
    def settings(self) -> str:
        return ", ".join(f"{key} {value}" for key, value in self.point.items() if key != "name")


def shares(counts: pd.DataFrame, key: str) -> pd.Series:
    """The share of correct answers of each kind, in the order of the table; `counts` has rows and right."""
    sums = counts.groupby(key, sort=False)[["rows", "right"]].sum()
    return sums["right"] / sums["rows"]


def reached(networks: Iterable[Whole]) -> pd.DataFrame:
    """Each point of ours and of the others': size, held-out rows, epoch, hours of training, exact match, settings.

    Our curves were measured in training precision; their last point is that of the row. `ours` tells them apart.
    """
    points: list[tuple] = []
    for one in networks:
        exact = [*one.history["valid_exact_match"].iloc[:-1], one.row["exact_match"]]
        seconds = float(one.row["seconds_per_epoch"])  # of a pass over the training set
        points += [
            (one.title, True, one.settings, one.rounding["parameters"], one.rows, epoch, epoch * seconds / 3600, share)
            for epoch, share in zip(one.history["epoch"], exact, strict=True)
        ]
    points += [
        (one.name, False, one.settings, None, None, epoch, epoch * one.seconds / 3600, exact)
        for one in OTHERS
        for epoch, exact in one.reached
    ]
    return pd.DataFrame(
        points, columns=["name", "ours", "settings", "parameters", "rows", "epoch", "hours", "exact_match"]
    )
