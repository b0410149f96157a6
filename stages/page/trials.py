"""What a study found: the verdict that follows by its rule from the rows of its table.

unsteadiness 0.09 at lr=0.01 and 0.004 at lr=0.0001, three seeds  ->  ('unsteadiness at lr=0.01 …', 'confirmed')
"""

import math

import numpy as np
import pandas as pd
from scipy.stats import norm, t

from stages import studies
from stages.measures import BY_NAME
from stages.page.shares import difference
from stages.page.verdicts import CHANCE, CONFIRMED, CONTRADICTED, UNMEASURED, Finding, together

Trials = tuple[studies.Study, pd.DataFrame]


def finding(trials: Trials) -> Finding:
    """All comparisons of the rule in words, and the verdict on all of them together."""
    entry, table = trials
    return together([compared(comparison, table) for comparison in entry.rule])


def compared(comparison: studies.Comparison, table: pd.DataFrame) -> Finding:
    """Whether a measure is larger at one point than at another, or than a number, by more than chance (95 %).

    A loss that was no number any more counts as infinite.
    """
    measure = comparison.larger
    said = f"{measure.replace('_', ' ')} at {studies.label(comparison.at)}"
    one = _at(table, comparison.at)
    if comparison.than is not None:
        return _than_number(said, one, measure, comparison.than)
    assert comparison.than_at is not None, "a comparison has one of the two"
    two = _at(table, comparison.than_at)
    values, others = (measured(rows, measure) for rows in (one, two))
    seeds = values.index.intersection(others.index)
    if seeds.empty:
        return f"{said}: not measured yet", UNMEASURED
    values, others = values[seeds], others[seeds]
    means = values.mean(), others.mean()
    said += ": {}, against {} at {}".format(*map(figure, means), studies.label(comparison.than_at))
    if np.isinf(means).any():
        infinite = np.isinf(values).all(), np.isinf(others).all()
        return said, {(True, False): CONFIRMED, (False, True): CONTRADICTED}.get(infinite, CHANCE)
    if len(seeds) > 1:
        return _between_seeds(said, values - others)
    counts = [measured(rows, "rows").get(seeds[0]) for rows in (one, two)]
    if BY_NAME[measure].of_rows and None not in counts:
        return _interval(said, *difference((means[0], counts[0]), (means[1], counts[1])))
    return f"{said}, one seed", CHANCE


def _than_number(said: str, rows: pd.DataFrame, measure: str, number: float) -> Finding:
    """By the standard error that the row gives."""
    if rows.empty:
        return f"{said}: not measured yet", UNMEASURED
    value, error = rows[measure].iloc[0], rows["error"].iloc[0]
    spread = norm.ppf(0.975) * error
    said += f": {value:.3g} ± {spread:.2g}, against {number:g}"
    return said, _verdict(value - spread - number, value + spread - number)


def _between_seeds(said: str, differences: pd.Series) -> Finding:
    """Seed by seed, by Student's t."""
    middle, seeds = differences.mean(), len(differences)
    spread = t.ppf(0.975, seeds - 1) * differences.std() / math.sqrt(seeds)
    said += f" (difference {middle:+.3g} ± {spread:.2g}, {seeds} seeds)"
    return said, _verdict(middle - spread, middle + spread)


def _interval(said: str, low: float, high: float) -> Finding:
    """By the rows that the two shares are of."""
    return f"{said} (one network each; by the rows the difference is {low:+.3f} to {high:+.3f})", _verdict(low, high)


def _verdict(low: float, high: float) -> str:
    return CONFIRMED if low > 0 else CONTRADICTED if high < 0 else CHANCE


def measured(rows: pd.DataFrame, measure: str) -> pd.Series:
    """The measure by seed, without what was not measured; of a failed training losses alone are, and infinite."""
    failed = np.inf if BY_NAME[measure].endless else np.nan
    values = rows[measure].where(rows["status"] == studies.DONE, failed)
    values = values.set_axis(rows["seed"] if "seed" in rows else range(len(rows)))
    return values[(~left_out(rows)).to_numpy()].dropna()


def left_out(rows: pd.DataFrame) -> pd.Series:
    return rows["status"].astype(str).str.startswith(studies.LEFT_OUT)


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
