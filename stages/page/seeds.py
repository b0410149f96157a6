"""The report's networks over seeds and over draws, from the study `seeds`.

dataset full, cell lstm, seeds 42, 1, 2, 3, 4  ->  full-lstm: exact match 0.073 ± 0.014
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from stages.page import chance
from stages.page.rows import StudyRows, left_out
from stages.studies import design
from stages.studies.measures import BY_NAME
from stages.studies.table import DONE

STUDY = "seeds"
SHOWN = "exact_match", "token_accuracy", "position_accuracy", "loss"
POINT = "dataset", "cell", *design.SEEDS  # the keys of the study's points


@dataclass(frozen=True)
class Repeated:
    """The rows of one run's networks, by seed (the training rows are the same) and by draw (the seed is the same).

    `lost` is the number of trainings that failed.
    """

    seeds: pd.DataFrame
    draws: pd.DataFrame
    lost: int


def repeated(study: StudyRows | None, metrics: pd.DataFrame) -> dict[str, Repeated]:
    """By the run's name, each run of `metrics` that the study has trained with at least two seeds."""
    if study is None or any({*point} != {*POINT} for point in design.points(study[0])):
        return {}
    found = {}
    for (dataset, cell), rows in study[1].groupby(["dataset", "cell"], sort=False):
        own = rows[rows["status"] == DONE]
        seed, draw = (rows[name].mode().iloc[0] for name in design.SEEDS)  # those that are kept while the other varies
        same_rows, same_seed = own[own["sample_seed"] == draw], own[own["seed"] == seed]
        if len(same_rows) > 1 and (metrics["run"] == f"{dataset}-{cell}").any():
            lost = (~left_out(rows)).sum() - len(own)
            found[f"{dataset}-{cell}"] = Repeated(
                same_rows.set_index("seed"), same_seed.set_index("sample_seed"), int(lost)
            )
    return found


def alike(own: pd.Series, run: Repeated) -> bool:
    """Whether a run's own scores are like those of its seeds: one of them, or within the 95 % interval for another."""
    for name in ("exact_match", "loss"):
        middle, spread = chance.another(run.seeds[name])
        if abs(own[name] - middle) > spread and (run.seeds[name] - own[name]).abs().min() > 1e-5 * own[name]:
            return False
    return True


def kinds(*runs: Repeated) -> Iterator[tuple[str, list[pd.DataFrame]]]:
    """'seeds' and 'draws', each with the rows of each run, if every run has several."""
    for kind, rows in (("seeds", [one.seeds for one in runs]), ("draws", [one.draws for one in runs])):
        if min(map(len, rows)) > 1:
            yield kind, rows


def around(measure: str, run: Repeated) -> tuple[str, ...]:
    """Mean and standard deviation over seeds and over draws."""
    return tuple(f"{kind} {rows[measure].mean():.3f} ± {rows[measure].std():.3f}" for kind, (rows,) in kinds(run))


def causes(runs: Sequence[Repeated]) -> list[str]:
    """A sentence for each measure: whether the draw or the seed moves it more, over all runs together."""
    sentences = []
    runs = [one for one in runs if len(one.draws) > 1]
    for measure in SHOWN:
        pairs = [(one.draws[measure], one.seeds[measure]) for one in runs]
        pairs = [pair for pair in pairs if all(values.nunique() > 1 for values in pair)]
        if len(pairs) > 1:
            middle, low, high = chance.ratio(pairs)
            more = "the draw moves it more" if low > 1 else "the seed moves it more" if high < 1 else "within chance"
            sentences.append(
                f"{BY_NAME[measure].title.capitalize()}: over draws the standard deviation is {middle:.2g} times that "
                f"over seeds ({low:.2g} to {high:.2g}, {len(pairs)} runs): {more}."
            )
    if sentences:
        shares, rows = (pd.concat([one.draws[name] for one in runs]) for name in ("exact_match", "rows"))
        alone = 100 * (shares * (1 - shares) / rows) ** 0.5
        sentences.append(
            "A draw has other training rows and other held-out rows. The latter alone give exact match a standard "
            f"deviation of {alone.min():.1f} to {alone.max():.1f} points (binomial)."
        )
    return sentences


def bands(curves: pd.DataFrame, runs: Mapping[str, Repeated]) -> pd.DataFrame:
    """The lowest and highest value of each epoch over a run's seeds: run, epoch, and a pair of columns per measure.

    `curves` has the column `point`; no rows if there are no curves.
    """
    parts = []
    for run, one in runs.items():
        own = curves[curves["point"].isin(one.seeds["point"])].drop(columns="point")
        if len(own):
            found = own.groupby("epoch").agg(["min", "max"])
            found.columns = ["_".join(name) for name in found.columns]
            parts.append(found.reset_index().assign(run=run))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame({"run": []})
