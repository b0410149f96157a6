"""The report's networks over seeds and over draws, from the study `seeds`.

dataset full, cell lstm, seeds 42, 1, 2, 3, 4  ->  full-lstm: exact match 0.0581 ± 0.0043 over 5 seeds
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pandas as pd

from stages import studies, study_table
from stages.measures import BY_NAME
from stages.page import chance
from stages.page.rows import StudyRows

STUDY = "seeds"
SHOWN = "exact_match", "token_accuracy", "position_accuracy", "loss"
POINT = "dataset", "cell", *studies.SEEDS  # the keys that the study's rows need


@dataclass(frozen=True)
class Repeated:
    """The rows of one run's networks, by seed (the training rows are the same) and by draw (the seed is the same)."""

    seeds: pd.DataFrame
    draws: pd.DataFrame


def repeated(study: StudyRows | None) -> dict[str, Repeated]:
    """By the run's name, each run that has networks of at least two seeds."""
    if study is None or not {*POINT} <= {*study[1].columns}:
        return {}
    rows, found = study[1][study[1]["status"] == study_table.DONE], {}
    for (dataset, cell), own in rows.groupby(["dataset", "cell"], sort=False):
        seed, draw = (own[name].mode().iloc[0] for name in studies.SEEDS)  # those that are kept while the other varies
        one = Repeated(
            own[own["sample_seed"] == draw].set_index("seed"), own[own["seed"] == seed].set_index("sample_seed")
        )
        if len(one.seeds) > 1:
            found[f"{dataset}-{cell}"] = one
    return found


def kinds(*runs: Repeated) -> Iterator[tuple[str, list[pd.DataFrame]]]:
    """'seeds' and 'draws', each with the rows of each run, if every run has several."""
    for kind, rows in (("seeds", [one.seeds for one in runs]), ("draws", [one.draws for one in runs])):
        if min(map(len, rows)) > 1:
            yield kind, rows


def around(measure: str, run: Repeated) -> tuple[str, ...]:
    """Mean and standard deviation over seeds and over draws, in the form of the measure."""
    form = BY_NAME[measure].form
    return tuple(
        f"{kind} {form.format(rows[measure].mean())} ± {form.format(rows[measure].std())}"
        for kind, (rows,) in kinds(run)
    )


def causes(runs: Sequence[Repeated]) -> list[str]:
    """A sentence for each measure: whether its draw or its seed moves a score more, over all runs together."""
    sentences = []
    for measure in SHOWN:
        pairs = [(one.draws[measure], one.seeds[measure]) for one in runs if len(one.draws) > 1]
        pairs = [pair for pair in pairs if all(values.nunique() > 1 for values in pair)]
        if pairs:
            middle, low, high = chance.ratio(pairs)
            more = "the draw moves it more" if low > 1 else "the seed moves it more" if high < 1 else "within chance"
            sentences.append(
                f"{BY_NAME[measure].title.capitalize()}: over draws the standard deviation is {middle:.2g} times that "
                f"over seeds ({low:.2g} to {high:.2g}, {len(pairs)} runs): {more}."
            )
    return sentences


def bands(curves: pd.DataFrame, study: StudyRows | None) -> pd.DataFrame:
    """The lowest and highest value of each epoch over a run's seeds: run, epoch, and a pair of columns per measure.

    `curves` has the column `point`; no rows if there are no curves.
    """
    parts = []
    for run, one in repeated(study).items():
        own = curves[curves["point"].isin(one.seeds["point"])].drop(columns="point")
        if len(own):
            found = own.groupby("epoch").agg(["min", "max"])
            found.columns = ["_".join(name) for name in found.columns]
            parts.append(found.reset_index().assign(run=run))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame({"run": []})
