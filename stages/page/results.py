"""The outputs of the other stages as one value, which every picture, table and claim takes.

Every table begins with run, dataset and cell:

    run        dataset  cell  epoch  train_loss  valid_loss  …        curves, a row per epoch
    full-lstm  full     lstm  1      2.18        2.01
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from stages.arithmetic import twins
from stages.common import params
from stages.page.calculator import Calculator
from stages.page.rows import StudyRows
from stages.page.seeds import STUDY, Repeated, alike, bands, repeated
from stages.page.style import COLOURS, DASHES, MARKERS, keys
from stages.page.whole import Whole

POINTS = {"markersize": 4, "linewidth": 1.2}


@dataclass(frozen=True)
class Counts:
    """The number of expressions of a dataset, in all and by kind; `train` of them are in the training set."""

    rows: int
    train: int
    templates: pd.Series
    operands: pd.Series
    lengths: pd.Series  # characters of the expression, without its `=`
    answers: pd.Series
    products: frozenset[str]  # the expressions of the template a*b
    alike: pd.Series  # expressions by how many of them, itself too, have its operands and its value

    def with_twin(self, held_out: float) -> float:
        """The expected share of held-out rows with a twin if all expressions were split at random by this share."""
        return float((self.alike * (1 - held_out ** (self.alike.index - 1))).sum() / self.rows)


def count(batches: Iterable[pa.RecordBatch], train: int) -> Counts:
    """The counts of a table, one batch in memory at a time."""
    parts: dict[str, list[pd.Series]] = {"templates": [], "operands": [], "lengths": [], "answers": []}
    groups: list[pd.Series] = []  # of rows with the same operands and value
    products = set()
    for batch in batches:
        numbers = pd.concat([batch[letter].to_pandas().dropna() for letter in "abc"])
        groups.append(pd.DataFrame({"operands": twins.keys(batch), "value": np.asarray(batch["tgt"])}).value_counts())
        template = batch["template"].to_pandas().astype(str)
        products.update(batch["src"].to_pandas()[template == "a*b"])
        parts["templates"].append(template.value_counts())
        parts["operands"].append(numbers.astype(int).value_counts())
        parts["lengths"].append((pc.utf8_length(batch["src"]).to_pandas() - 1).value_counts())  # - 1 for the `=`
        parts["answers"].append(batch["tgt"].to_pandas().value_counts())
    sums = {name: pd.concat(counts).groupby(level=0).sum() for name, counts in parts.items()}
    sizes = pd.concat(groups).groupby(level=[0, 1]).sum()
    alike = sizes.groupby(sizes.to_numpy()).sum()
    return Counts(int(sums["templates"].sum()), train, **sums, products=frozenset(products), alike=alike)


@dataclass(frozen=True)
class Results:
    """All results, in the order of params.yaml."""

    config: params.Params
    counts: dict[str, Counts]  # of each dataset that a run uses
    curves: pd.DataFrame  # a row per epoch
    metrics: pd.DataFrame  # a row per run
    timing: pd.DataFrame  # a row per run
    predictions: pd.DataFrame  # a row per held-out row
    products: pd.DataFrame  # a row per a*b
    studies: dict[str, StudyRows]  # of each study that has rows
    kept: dict[str, Whole]  # what the study `calculator` kept of each point that has results, by name
    shipped: str | None  # the name of the one that ships, if it has results
    calculator: Calculator | None  # its network, if there is one
    seed_curves: pd.DataFrame | None = None  # of the study `seeds`: a row per point and epoch

    @cached_property
    def tried(self) -> dict[str, Repeated]:
        """The networks of a run in the study `seeds`, with other seeds and with other draws, by the run's name."""
        return repeated(self.studies.get(STUDY), self.metrics)

    @cached_property
    def repeated(self) -> dict[str, Repeated]:
        """Those whose scores the run's own network is like: params.yaml may have changed since the study."""
        own = self.metrics.set_index("run")
        return {run: one for run, one in self.tried.items() if alike(own.loc[run], one)}

    @cached_property
    def bands(self) -> pd.DataFrame:
        """The range of each run's curves over its seeds, a row per epoch."""
        curves = pd.DataFrame({"point": []}) if self.seed_curves is None else self.seed_curves
        return bands(curves, self.repeated)

    @property
    def whole(self) -> Whole | None:
        """What was kept of the network that ships."""
        return self.kept[self.shipped] if self.shipped else None

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
        """How a run is drawn where its line has few points: with a marker of its own, hollow if the line is dashed."""
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
        """Minutes of all passes over the training sets, by the timing of each run."""
        timing = self.timing.set_index("run")["seconds_per_epoch"]
        return sum(timing[name] * run.epochs for name, run in self.config.runs.items()) / 60

    @cached_property
    def pairs(self) -> list[tuple[str, str]]:
        """The LSTM and the GRU of each two runs that differ only in the cell."""
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
