"""The scores of every run, and how much they depend on the seed and on the draw.

full-lstm, exact match 0.0596; over 5 seeds 0.0581 ± 0.0043  ->  a cell '0.0596 (0.0581 ± 0.0043)'
"""

import re

import pandas as pd

from stages import measures
from stages.page import seeds
from stages.page.references import REPORTED
from stages.page.results import Results
from stages.page.tables import Cell, Table, on

BESIDE = {"position_accuracy": "accuracy", "loss": "loss"}  # the figure of the report that is shown beside a measure


def scores(results: Results) -> Table:
    """A row for each run, its figures beside the original report's for that dataset."""
    shown = measures.of(measures.SCORES)
    seconds = results.timing.set_index("run")["seconds_per_epoch"]
    rows = []
    for run in results.metrics.itertuples():
        cells, reported = [Cell(run.run)], REPORTED.get(run.dataset)
        repeated = results.repeated.get(run.run)
        for name, measure in shown.items():
            value = getattr(run, name)
            over = f" ({seeds.around(name, repeated.seeds[name])})" if repeated and name in seeds.SHOWN else ""
            cells.append(Cell(f"{measure.form.format(value)}{over}", value))
            if name in BESIDE:
                cells.append(_reported(getattr(reported, BESIDE[name]) if reported else None))
        rows.append([*cells, Cell(f"{seconds[run.run]:.1f}", seconds[run.run])])
    heads = ["run"]
    for name, measure in shown.items():
        heads += [measure.title, *([f"report's {BESIDE[name]}"] if name in BESIDE else [])]
    heads.append("seconds per epoch")
    return Table(
        "scores",
        "Results of every run",
        f"{_over(results)} Seconds are those of a pass over the training set, on {on(results.timing)}.",
        heads,
        rows,
    )


def _over(results: Results) -> str:
    """What the table says of this network and of its repetitions."""
    if not results.repeated:
        return "One network for each run: another seed may differ by more than the held-out rows allow for."
    number = max(len(one.seeds) for one in results.repeated.values())
    text = f"The network of this page and, in brackets, mean ± standard deviation over {number} seeds (study seeds)."
    own = results.metrics.set_index("run")["exact_match"]
    strange = [run for run, one in results.repeated.items() if run in own and not any(_near(own[run], one.seeds))]
    if strange:
        text += f" {', '.join(strange)} is not among them: it was trained with other settings or on another machine."
    return text


def _near(score: float, rows: pd.DataFrame) -> pd.Series:
    """Which of the rows have this exact match, which a study's table rounds."""
    return (rows["exact_match"] - score).abs() < 1e-5


def spread(results: Results) -> Table:
    """A row for each run and measure: mean and standard deviation over seeds and over draws."""
    rows = []
    for run, one in results.repeated.items():
        for name in seeds.SHOWN:
            own = one.seeds[name], one.draws[name]
            around = [Cell(seeds.around(name, values), values.mean()) for values in own]
            times = own[1].std() / own[0].std() if own[0].nunique() > 1 else float("nan")
            more = Cell("", -1) if pd.isna(times) else Cell(f"{times:.2f}", times)
            rows.append([Cell(run), Cell(measures.BY_NAME[name].title), *around, more])
    heads = ["run", "measure", "over seeds", "over draws", "deviation over draws ÷ over seeds"]
    caption = (
        "Mean ± standard deviation. Over seeds: initial weights and the order of batches differ. Over draws: the drawn "
        "rows and their split differ; single_digit is used whole, so only its split does."
    )
    return Table("spread", "Seeds or draws?", caption, heads, rows)


def _reported(text: str | None) -> Cell:
    """A figure in the words of the original report, sorted by its first number."""
    return Cell(text, float(re.findall(r"[\d.]+", text)[0])) if text else Cell("", -1)
