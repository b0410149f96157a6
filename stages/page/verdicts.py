"""The verdict on a study's rule.

loss 0.97 at lr=0.0001, 0.31 at lr=0.001  ->  Judgement('With a learning rate of 0.0001 …', …, 'confirmed')
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import norm

from stages.page import chance, sentences
from stages.page.digits import about
from stages.page.rows import StudyRows, at, measured, written
from stages.studies import design
from stages.studies.measures import BY_NAME

CONFIRMED, CONTRADICTED, CHANCE, UNMEASURED = "confirmed", "contradicted", "within chance", "not yet measured"
CONSISTENT = "consistent"  # of a reported figure that has more than one reading
# By the study's kind: where these differ, networks learn from other rows
ROWS = {"trainings": ("dataset", "sample", "split", "test_share", "valid_share"), "answers": ("run",), "shift": ()}


@dataclass(frozen=True)
class Judgement:
    """A verdict, the evidence for it in sentences, and the figures behind these, which may be empty."""

    evidence: tuple[str, ...]
    figures: str
    verdict: str


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


def compare(entry: design.Study, comparison: design.Comparison, table: pd.DataFrame) -> Judgement:
    """Whether a measure is larger at one point than at another, or than a number, by more than chance (95 %).

    A training that diverged has an infinite loss.
    """
    measure = comparison.larger
    one = at(table, comparison.at)
    figures = f"{measure.replace('_', ' ')} at {design.label(comparison.at)}"
    if comparison.than is not None:
        return _than_number(figures, one, measure, comparison.than)
    assert comparison.than_at is not None, "a comparison has one of the two"
    two = at(table, comparison.than_at)
    left, right = (measured(rows, measure) for rows in (one, two))
    if left.empty or right.empty:
        return Judgement((f"Not measured yet: {figures}.",), "", UNMEASURED)
    known = {name for point in entry.points for name in point}
    new, old = (rows.iloc[0].dropna().filter(known).to_dict() for rows in (one, two))
    alike = all(new.get(key) == old.get(key) for key in ROWS[entry.kind])
    if alike and not (pairs := left.index.intersection(right.index)).empty:
        left, right = left[pairs], right[pairs]
    elif alike and len(left) == len(right) == 1:  # of different seeds
        return Judgement((f"Not measured yet: {figures}.",), "", UNMEASURED)
    means = left.mean(), right.mean()
    text = sentences.change(entry, comparison, new, old, means)
    figures += ": {}, against {} at {}".format(*map(written, means), design.label(comparison.than_at))
    if np.isinf(means).any():
        infinite = np.isinf(left).all(), np.isinf(right).all()
        verdict = {(True, False): CONFIRMED, (False, True): CONTRADICTED}.get(infinite, CHANCE)
        return Judgement((f"{text}: {verdict}.",), figures, verdict)
    if len(left) + len(right) == 2:
        rows = [measured(rows, "rows").reindex(own.index) for rows, own in ((one, left), (two, right))]
        return _one_each(measure, means, [counts.iloc[0] for counts in rows], text, figures)
    (middle, spread), over = networks(left, right, alike)
    verdict = above_zero(middle - spread, middle + spread)
    text += f" ({sentences.about(measure, middle, spread)}, {over}): {verdict}."
    figures += f" (difference {about(middle, spread)}, {over})"
    return Judgement((text,), figures, verdict)


def _one_each(measure: str, values: tuple, counts: list[float], text: str, figures: str) -> Judgement:
    """One network against another, by their rows, if the measure is a share of a known number of them."""
    if not BY_NAME[measure].of_rows or np.isnan(counts).any():
        return Judgement((f"{text} (one seed): {CHANCE}.",), f"{figures}, one seed", CHANCE)
    low, high = chance.difference(*zip(values, map(int, counts), strict=True))
    figures += f" (one network each; by the rows the difference is {low:+.3f} to {high:+.3f})"
    verdict = above_zero(low, high)
    text += f" ({sentences.between(measure, low, high)}, one network each): {verdict}."
    return Judgement((text,), figures, verdict)


def networks(left: pd.Series, right: pd.Series, alike: bool) -> tuple[chance.About, str]:
    """The mean of the first networks less that of the second, half its 95 % interval, and what it is over.

    Networks that learn from the same rows (`alike`) are compared seed by seed. A single network is held against the
    others' deviations.
    """
    if alike and left.index.equals(right.index):
        return chance.mean(left - right), f"{len(left)} {_repeated(left.index)}"
    if min(len(left), len(right)) > 1:
        return chance.welch(left, right), f"{len(left)} and {len(right)} networks"
    several = max(left, right, key=len)
    return (left.mean() - right.mean(), chance.another(several)[1]), f"one network against {len(several)}"


def _repeated(index: pd.Index) -> str:
    varied = [name for name, level in index.to_frame().items() if level.nunique() > 1]
    return {("seed",): "seeds", ("sample_seed",): "draws"}.get(tuple(varied), "pairs")


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
