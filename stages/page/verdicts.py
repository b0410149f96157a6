"""What the rows of a study, or two shares of rows, say of a claim: the evidence in words, and the verdict.

unsteadiness 0.09 at lr=0.01 and 0.004 at lr=0.0001, three seeds  ->  ('unsteadiness at lr=0.01 …', 'confirmed')
77 right of 100                                                   ->  0.68 to 0.84
"""

import math

import numpy as np
import pandas as pd
from scipy.stats import binomtest, norm, t

from stages import studies, study_table
from stages.measures import BY_NAME

CONFIRMED, CONTRADICTED, CHANCE, UNMEASURED = "confirmed", "contradicted", "within chance", "not yet measured"
FEWEST = 5  # rows that a share is drawn of

Judgement = tuple[str, str]  # the evidence, and the verdict
StudyRows = tuple[studies.Study, pd.DataFrame]


def interval(share: float, rows: int) -> tuple[float, float]:
    """The 95 % interval of a share of independent rows (Wilson 1927)."""
    ends = binomtest(round(share * rows), int(rows)).proportion_ci(method="wilson")
    return ends.low, ends.high


def difference(one: tuple[float, int], two: tuple[float, int]) -> tuple[float, float]:
    """The 95 % interval of one share less another, each with its rows (Newcombe 1998, from the two intervals)."""
    (low, high), (least, most) = interval(*one), interval(*two)
    middle = one[0] - two[0]
    return middle - math.hypot(one[0] - low, most - two[0]), middle + math.hypot(high - one[0], two[0] - least)


def above_zero(low: float, high: float) -> str:
    """The verdict on "this difference is above 0", from its 95 % interval."""
    return CONFIRMED if low > 0 else CONTRADICTED if high < 0 else CHANCE


def together(judgements: list[Judgement]) -> Judgement:
    """All of the evidence, and the one verdict: a claim holds where every part of it does."""
    verdicts = {verdict for _, verdict in judgements}
    worst = next(one for one in (UNMEASURED, CONTRADICTED, CHANCE, CONFIRMED) if one in verdicts)
    return "; ".join(evidence for evidence, _ in judgements), worst


def judge(study: StudyRows) -> Judgement:
    """All comparisons of the study's rule in words, and the verdict on all of them together."""
    entry, table = study
    return together([compare(comparison, table) for comparison in entry.rule])


def compare(comparison: studies.Comparison, table: pd.DataFrame) -> Judgement:
    """Whether a measure is larger at one point than at another, or than a number, by more than chance (95 %).

    A loss that was no number any more counts as infinite.
    """
    measure = comparison.larger
    what = f"{measure.replace('_', ' ')} at {studies.label(comparison.at)}"
    one = _at(table, comparison.at)
    if comparison.than is not None:
        return _than_number(what, one, measure, comparison.than)
    assert comparison.than_at is not None, "a comparison has one of the two"
    two = _at(table, comparison.than_at)
    left, right = (measured(rows, measure) for rows in (one, two))
    seeds = left.index.intersection(right.index)
    if seeds.empty:
        return f"{what}: not measured yet", UNMEASURED
    left, right = left[seeds], right[seeds]
    means = left.mean(), right.mean()
    what += ": {}, against {} at {}".format(*map(figure, means), studies.label(comparison.than_at))
    if np.isinf(means).any():
        infinite = np.isinf(left).all(), np.isinf(right).all()
        return what, {(True, False): CONFIRMED, (False, True): CONTRADICTED}.get(infinite, CHANCE)
    if len(seeds) > 1:
        return _between_seeds(what, left - right)
    counts = [measured(rows, "rows").get(seeds[0]) for rows in (one, two)]
    if BY_NAME[measure].of_rows and None not in counts:
        low, high = difference((means[0], counts[0]), (means[1], counts[1]))
        chance = f"one network each; by the rows the difference is {low:+.3f} to {high:+.3f}"
        return f"{what} ({chance})", above_zero(low, high)
    return f"{what}, one seed", CHANCE


def _than_number(what: str, rows: pd.DataFrame, measure: str, number: float) -> Judgement:
    """By the standard error in the row."""
    if rows.empty:
        return f"{what}: not measured yet", UNMEASURED
    value, error = rows[measure].iloc[0], rows["error"].iloc[0]
    spread = norm.ppf(0.975) * error
    evidence = f"{what}: {value:.3g} ± {spread:.2g}, against {number:g}"
    return evidence, above_zero(value - spread - number, value + spread - number)


def _between_seeds(what: str, differences: pd.Series) -> Judgement:
    """Seed by seed, by Student's t."""
    middle, seeds = differences.mean(), len(differences)
    spread = t.ppf(0.975, seeds - 1) * differences.std() / math.sqrt(seeds)
    evidence = f"{what} (difference {middle:+.3g} ± {spread:.2g}, {seeds} seeds)"
    return evidence, above_zero(middle - spread, middle + spread)


def measured(rows: pd.DataFrame, measure: str) -> pd.Series:
    """The measure by seed, without gaps; a failed training has an infinite loss, and no other measure."""
    failed = np.inf if BY_NAME[measure].endless else np.nan
    values = rows[measure].where(rows["status"] == study_table.DONE, failed)
    values = values.set_axis(rows["seed"] if "seed" in rows else range(len(rows)))
    return values[(~left_out(rows)).to_numpy()].dropna()


def left_out(rows: pd.DataFrame) -> pd.Series:
    return rows["status"].astype(str).str.startswith(study_table.LEFT_OUT)


def figure(value: float) -> str:
    return "never" if np.isinf(value) else f"{value:.3g}"


def word(value: object) -> str:
    """64 and 64.0, which a table with gaps makes of it, are the same."""
    return f"{value:g}" if isinstance(value, int | float) else str(value)


def _at(table: pd.DataFrame, point: studies.Point) -> pd.DataFrame:
    """The rows at a point."""
    rows = table
    for name, value in point.items():
        written = rows[name].map(word) if name in rows else pd.Series("", rows.index)
        rows = rows[written == word(value)]
    return rows
