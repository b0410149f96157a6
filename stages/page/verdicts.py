"""How far chance reaches, and the verdict on a study's rule.

77 correct of 100                         ->  a share of 0.68 to 0.84
loss 0.97 at lr=0.0001, 0.31 at lr=0.001  ->  Judgement('With a learning rate of 0.0001 …', …, 'confirmed')
"""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import binomtest, norm, t

from stages import studies, study_table
from stages.measures import BY_NAME
from stages.page import sentences
from stages.page.digits import general

CONFIRMED, CONTRADICTED, CHANCE, UNMEASURED = "confirmed", "contradicted", "within chance", "not yet measured"
CONSISTENT = "consistent"  # of a reported figure that has more than one reading
FEWEST = 5  # rows that a share is drawn of

StudyRows = tuple[studies.Study, pd.DataFrame]


@dataclass(frozen=True)
class Judgement:
    """A verdict, the evidence for it in sentences, and the figures behind these, which may be empty."""

    evidence: tuple[str, ...]
    figures: str
    verdict: str


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
    """All of the evidence, and the one verdict: a claim holds if every part of it does."""
    verdicts = {one.verdict for one in judgements}
    worst = next(one for one in (UNMEASURED, CONTRADICTED, CHANCE, CONFIRMED) if one in verdicts)
    evidence = tuple(sentence for one in judgements for sentence in one.evidence)
    return Judgement(evidence, "; ".join(one.figures for one in judgements if one.figures), worst)


def judge(study: StudyRows) -> Judgement:
    """All comparisons of the study's rule, and the verdict on all of them together."""
    entry, table = study
    return together([compare(entry, comparison, table) for comparison in entry.rule])


def compare(entry: studies.Study, comparison: studies.Comparison, table: pd.DataFrame) -> Judgement:
    """Whether a measure is larger at one point than at another, or than a number, by more than chance (95 %).

    A training that diverged has an infinite loss.
    """
    measure = comparison.larger
    one = _at(table, comparison.at)
    figures = f"{measure.replace('_', ' ')} at {studies.label(comparison.at)}"
    if comparison.than is not None:
        return _than_number(figures, one, measure, comparison.than)
    assert comparison.than_at is not None, "a comparison has one of the two"
    two = _at(table, comparison.than_at)
    left, right = (measured(rows, measure) for rows in (one, two))
    seeds = left.index.intersection(right.index)
    if seeds.empty:
        return Judgement((f"Not measured yet: {figures}.",), "", UNMEASURED)
    left, right = left[seeds], right[seeds]
    means = left.mean(), right.mean()
    known = {name for point in entry.points for name in point}
    new, old = (rows.iloc[0].dropna().filter(known).to_dict() for rows in (one, two))
    text = sentences.change(entry, comparison, new, old, means)
    figures += ": {}, against {} at {}".format(*map(figure, means), studies.label(comparison.than_at))
    if np.isinf(means).any():
        infinite = np.isinf(left).all(), np.isinf(right).all()
        verdict = {(True, False): CONFIRMED, (False, True): CONTRADICTED}.get(infinite, CHANCE)
        return Judgement((f"{text}: {verdict}.",), figures, verdict)
    if len(seeds) > 1:  # seed by seed, by Student's t
        middle, error = (left - right).mean(), (left - right).std() / math.sqrt(len(seeds))
        spread = t.ppf(0.975, len(seeds) - 1) * error
        verdict = above_zero(middle - spread, middle + spread)
        text += f" ({sentences.about(measure, middle, spread)}, {len(seeds)} seeds): {verdict}."
        figures += f" (difference {middle:+.3g} ± {spread:.2g}, {len(seeds)} seeds)"
        return Judgement((text,), figures, verdict)
    counts = [measured(rows, "rows").get(seeds[0]) for rows in (one, two)]
    if BY_NAME[measure].of_rows and None not in counts:
        low, high = difference((means[0], counts[0]), (means[1], counts[1]))
        figures += f" (one network each; by the rows the difference is {low:+.3f} to {high:+.3f})"
        verdict = above_zero(low, high)
        return Judgement((f"{text} ({sentences.between(measure, low, high)}): {verdict}.",), figures, verdict)
    return Judgement((f"{text} (one seed): {CHANCE}.",), f"{figures}, one seed", CHANCE)


def _than_number(figures: str, rows: pd.DataFrame, measure: str, number: float) -> Judgement:
    """An AUC against a number, by the standard error in the row."""
    if rows.empty:
        return Judgement((f"Not measured yet: {figures}.",), "", UNMEASURED)
    row = rows.iloc[0]
    spread = norm.ppf(0.975) * row["error"]
    text = (
        f"A classifier that tells {row['one']} rows from {row['other']} rows has an AUC of {row[measure]:.3f} ± "
        f"{spread:.2g}; {number:g} is chance."
    )
    figures += f": {row[measure]:.3g} ± {spread:.2g}, against {number:g}"
    return Judgement((text,), figures, above_zero(row[measure] - spread - number, row[measure] + spread - number))


def measured(rows: pd.DataFrame, measure: str) -> pd.Series:
    """The measure by seed, without gaps; a failed training has an infinite loss, and no other measure."""
    failed = np.inf if BY_NAME[measure].endless else np.nan
    values = rows[measure].where(rows["status"] == study_table.DONE, failed)
    values = values.set_axis(rows["seed"] if "seed" in rows else range(len(rows)))
    return values[(~left_out(rows)).to_numpy()].dropna()


def left_out(rows: pd.DataFrame) -> pd.Series:
    return rows["status"].astype(str).str.startswith(study_table.LEFT_OUT)


def figure(value: float) -> str:
    return "never" if np.isinf(value) else general(value)


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
