"""Tables of the page: each cell has its text, its sort key and its shade.

a run's metrics  ->  [Cell("full-lstm"), Cell("0.0544"), …]
"""

from dataclasses import dataclass

import pandas as pd

from stages.arithmetic import grammar
from stages.page.digits import fixed
from stages.page.results import Results


@dataclass(frozen=True)
class Cell:
    text: str
    key: float | str | None = None  # None: the text
    shade: float | None = None  # 0 to 1
    below: tuple[str, ...] = ()  # smaller lines


@dataclass(frozen=True)
class Table:
    """`name` is the anchor; a row's first cell is its heading."""

    name: str
    title: str
    caption: str
    heads: list[str]
    rows: list[list[Cell]]


def datasets(results: Results) -> Table:
    rows = []
    for name, counts in results.counts.items():
        validated = results.predictions.loc[results.predictions["dataset"] == name, "src"].nunique()
        smallest, largest = counts.operands.index.min(), counts.operands.index.max()
        least, most = counts.answers.index.min(), counts.answers.index.max()
        rows.append(
            [
                Cell(name),
                Cell(f"{smallest} to {largest}", int(largest)),
                Cell(" ".join(results.config.datasets[name].rule.without)),
                *map(count, (counts.rows, counts.train, validated, least, most)),
            ]
        )
    heads = [
        "dataset",
        "operands",
        "excluded",
        "expressions",
        "training rows",
        "held-out rows",
        "smallest answer",
        "largest answer",
    ]
    return Table("dataset-table", "Datasets", "Counted in the data.", heads, rows)


def templates(results: Results) -> Table:
    """Exact match by template (rows) and run (columns), darker where it is better."""
    shares = by_template(results.predictions)
    rows = [
        [Cell(template, grammar.TEMPLATES.index(template)), *(_shaded(value) for value in shares.loc[template])]
        for template in shares.index
    ]
    return Table(
        "template-table",
        "Exact match by template",
        "One network for each run. A stronger colour is better. Rare templates have only a handful of rows; a cell is "
        "empty if a run has none.",
        ["template", *shares.columns],
        rows,
    )


def by_template(predictions: pd.DataFrame) -> pd.DataFrame:
    """Exact match by template (rows, in the order of the corpus) and run (columns); NaN if a run has no such row."""
    shares = predictions.groupby(["template", "run"], observed=True)["correct"].mean().unstack()
    return shares.reindex(index=grammar.TEMPLATES, columns=predictions["run"].unique())


def on(timing: pd.DataFrame) -> str:
    """The machines of the timings: 'cpu (AMD EPYC 9B14), 2 threads, PyTorch 2.13.0'."""
    timing = timing.reindex(columns=["device", "processor", "processes", "threads", "torch"])
    processors = ["" if pd.isna(name) else f" ({name})" for name in timing["processor"]]  # older timings have none
    machines = (
        f"{row.device}{row.processor}, {_threads(row.threads, row.processes)}, PyTorch {row.torch}"
        for row in timing.assign(processor=processors).itertuples()
    )
    return "; ".join(dict.fromkeys(machines))


def _threads(threads: int, processes: int) -> str:
    words = f"{threads} thread{'s' if threads > 1 else ''}"
    return f"{words} in each of {processes} processes" if processes > 1 else words


def share(value: float) -> Cell:
    return Cell(fixed(value, 4), value)


def of_shares(name: str, title: str, caption: str, first: str, found: pd.DataFrame) -> Table:
    """The shares as they stand, under the heading `first` the names of the rows; a NaN is an empty cell."""
    rows = [
        [Cell(str(kind)), *(Cell("", -1) if pd.isna(one) else share(one) for one in row)]
        for kind, row in zip(found.index, found.to_numpy().tolist(), strict=True)
    ]
    return Table(name, title, caption, [first, *map(str, found.columns)], rows)


def _shaded(value: float) -> Cell:
    return Cell("", -1) if pd.isna(value) else Cell(f"{value:.2f}", value, value)


def count(value: int) -> Cell:
    return Cell(f"{value:,}", int(value))
