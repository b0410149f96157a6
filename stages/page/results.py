"""What the other stages left, as one value that every picture, table and claim takes.

Every table has run, dataset and cell in front:

    run        dataset  cell  epoch  train_loss  valid_loss  …        curves, a row an epoch
    full-lstm  full     lstm  1      2.18        2.01
"""

from dataclasses import dataclass, fields
from functools import cached_property

import pandas as pd

from stages import params
from stages.page.calculator import Calculator
from stages.page.counts import Counts
from stages.page.kept import Whole
from stages.page.style import COLOURS, DASHES, MARKERS, keys
from stages.page.trials import Trials

POINTS = {"markersize": 4, "linewidth": 1.2}


@dataclass(frozen=True)
class Results:
    """Everything in the order of params.yaml."""

    config: params.Params
    counts: dict[str, Counts]  # of each dataset that a run uses
    curves: pd.DataFrame  # a row an epoch
    metrics: pd.DataFrame  # a row a run
    timing: pd.DataFrame  # a row a run
    predictions: pd.DataFrame  # a row an answered validation row
    products: pd.DataFrame  # a row an answered a*b
    trials: dict[str, Trials]  # of each study that has been tried
    code: dict[str, str]  # of each kind of study the hash of the code that would decide its rows now
    whole: Whole | None  # what the study `calculator` kept, if it has been tried
    calculator: Calculator | None  # its network, if that is there

    @cached_property
    def marks(self) -> dict[str, dict]:
        """How a dataset is drawn."""
        colour, marker = keys(self.counts, COLOURS), keys(self.counts, MARKERS)
        return {name: {"color": colour[name], "marker": marker[name], **POINTS} for name in colour}

    @cached_property
    def lines(self) -> dict[str, dict]:
        """How a run is drawn: in its dataset's colour and its cell's line."""
        dash = keys(self.metrics["cell"], DASHES)
        return {
            row.run: {"color": self.marks[row.dataset]["color"], "linestyle": dash[row.cell]}
            for row in self.metrics.itertuples()
        }

    @cached_property
    def points(self) -> dict[str, dict]:
        """How a run is drawn where its line has few points: with its own, hollow where the line is broken."""
        marker, hollow = keys(self.metrics["run"], MARKERS), {"markerfacecolor": "none"}
        return {
            row.run: self.marks[row.dataset]
            | self.lines[row.run]
            | {"marker": marker[row.run]}
            | (hollow if self.lines[row.run]["linestyle"] != "-" else {})
            for row in self.metrics.itertuples()
        }

    @cached_property
    def minutes(self) -> float:
        """Of all passes over training rows, by the timing of each run."""
        timing = self.timing.set_index("run")["seconds_per_epoch"]
        return sum(timing[name] * run.epochs for name, run in self.config.runs.items()) / 60

    @cached_property
    def pairs(self) -> list[tuple[str, str]]:
        """The LSTM and the GRU of each two runs that differ in nothing but the cell."""
        runs = {
            name: {field.name: getattr(run, field.name) for field in fields(params.Run)}
            for name, run in self.config.runs.items()
        }
        return [
            (lstm, gru)
            for lstm, one in runs.items()
            for gru, two in runs.items()
            if (one["cell"], two["cell"]) == ("lstm", "gru") and one | {"cell": "gru"} == two
        ]
