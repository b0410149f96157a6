"""What the study of nine tenths of all expressions kept, and how far it came beside others.

epoch 1, valid_exact_match 0.61  ->  name 'ours', epoch 1, hours 0.16, exact_match 0.61
"""

from dataclasses import dataclass

import pandas as pd

from stages import studies
from stages.page.others import OTHERS

OURS = "ours"


@dataclass(frozen=True)
class Whole:
    """What the study `whole` kept: its row, the training's curve, how many rows of each kind, the wrong answers."""

    row: pd.Series
    history: pd.DataFrame
    kinds: pd.DataFrame
    mistakes: pd.DataFrame

    @property
    def rows(self) -> int:
        return int(self.kinds["rows"].sum())

    @property
    def hours(self) -> float:
        return self._seconds * self.history["epoch"].iloc[-1] / 3600

    @property
    def _seconds(self) -> float:
        """Of an epoch's pass over the training rows."""
        return float(self.row["seconds_per_epoch"])

    @property
    def machine(self) -> str:
        return ", ".join(f"{name} {self.row[name]}" for name in studies.MACHINE)

    @property
    def reached(self) -> pd.DataFrame:
        """Ours and the others': name, settings, epochs, hours of training until then, exact match."""
        points = [
            (OURS, "", epoch, epoch * self._seconds, exact)
            for epoch, exact in zip(self.history["epoch"], self.history["valid_exact_match"], strict=True)
        ] + [
            (one.name, one.settings, epoch, epoch * one.seconds, exact)
            for one in OTHERS
            for epoch, exact in one.reached
        ]
        table = pd.DataFrame(points, columns=["name", "settings", "epoch", "hours", "exact_match"])
        return table.assign(hours=table["hours"] / 3600)
