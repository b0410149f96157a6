"""A network of the whole corpus: what its study kept, and its exact match beside that of others.

epoch 1, valid_exact_match 0.356  ->  name 'ours', epoch 1, hours 0.15, exact_match 0.356
"""

from dataclasses import dataclass

import pandas as pd

from stages import studies
from stages.page.references import OTHERS

OURS = "ours"


@dataclass(frozen=True)
class Whole:
    """What the study `calculator` kept of a point: its row and its curve.

    Of the network in float16: counts of each kind, the wrong answers, some held-out rows, counts beyond the corpus, and
    what the rounding changed.
    """

    point: studies.Point
    row: pd.Series
    history: pd.DataFrame
    kinds: pd.DataFrame
    mistakes: pd.DataFrame
    held_out: pd.DataFrame
    beyond: pd.DataFrame
    rounding: dict

    @property
    def rows(self) -> int:
        return int(self.kinds["rows"].sum())

    @property
    def hours(self) -> float:
        return self._seconds * self.history["epoch"].iloc[-1] / 3600

    @property
    def _seconds(self) -> float:
        """Seconds of a pass over the training set."""
        return float(self.row["seconds_per_epoch"])

    @property
    def reached(self) -> pd.DataFrame:
        """Name, settings, epoch, hours of training and exact match of each point of our curve and of the others'.

        Our curve was measured in training precision; its last point is that of the row.
        """
        exact = [*self.history["valid_exact_match"].iloc[:-1], self.row["exact_match"]]
        settings = ", ".join(f"{key} {value}" for key, value in self.point.items() if key != "name")
        points = [
            (OURS, settings, epoch, epoch * self._seconds, share)
            for epoch, share in zip(self.history["epoch"], exact, strict=True)
        ] + [
            (one.name, one.settings, epoch, epoch * one.seconds, exact)
            for one in OTHERS
            for epoch, exact in one.reached
        ]
        table = pd.DataFrame(points, columns=["name", "settings", "epoch", "hours", "exact_match"])
        return table.assign(hours=table["hours"] / 3600)


@dataclass(frozen=True)
class Shipped:
    """Of the network that ships: its name among the kept ones, counts over the whole corpus, wrong answers to pairs."""

    name: str
    everything: pd.DataFrame
    pairs: pd.DataFrame
