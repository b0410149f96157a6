"""The scores of every run, and how much they depend on the seed and on the draw.

full-lstm, exact match 0.0598, five seeds  ->  a cell '0.0598', below it 'seeds 0.073 ± 0.014'
"""

import re

from stages.page import seeds
from stages.page.digits import percent
from stages.page.grids import Cell, Table, on
from stages.page.references import REPORTED
from stages.page.results import Results
from stages.studies import measures

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
            over = seeds.around(name, repeated) if repeated and name in seeds.SHOWN else ()
            cells.append(Cell(measure.form.format(value), value, below=over))
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


def typical(results: Results) -> list[tuple[str, float, str]]:
    """Each run with its exact match (the mean over seeds, if there are some) and its spread in words; worst first."""
    found = []
    for run in results.metrics.itertuples():
        if repeated := results.repeated.get(run.run):
            values = repeated.seeds["exact_match"]
            found.append((run.run, values.mean(), f"± {percent(values.std())}, {len(values)} seeds"))
        else:
            found.append((run.run, run.exact_match, "one network"))
    return sorted(found, key=lambda each: each[1])


def _over(results: Results) -> str:
    """What the table says of this network and of its repetitions."""
    text = "One network for each run: another seed may differ by more than the held-out rows allow for."
    if results.repeated:
        runs = results.repeated.values()
        over = f"{_range([len(one.seeds) for one in runs])} seeds (initial weights and order of the batches)"
        if draws := [len(one.draws) for one in runs if len(one.draws) > 1]:
            over += f" and over {_range(draws)} draws (which rows are drawn, and how they are split)"
        text = f"The network of this page; below it mean ± standard deviation over {over}, from the study “seeds”."
        if lost := sum(one.lost for one in runs):
            text += f" Failed trainings, which are left out: {lost}."
    if strange := [run for run in results.tried if run not in results.repeated]:
        text += (
            f" No seeds are shown for {', '.join(strange)}: the network of this page lies outside their 95 % interval, "
            "as with other settings."
        )
    return text


def _range(numbers: list[int]) -> str:
    low, high = min(numbers), max(numbers)
    return f"{low}" if low == high else f"{low} to {high}"


def _reported(text: str | None) -> Cell:
    """A figure in the words of the original report, sorted by its first number."""
    return Cell(text, float(re.findall(r"[\d.]+", text)[0])) if text else Cell("", -1)
