"""Comparisons of the report's runs over their seeds and over their draws, and the 95 % interval of each.

exact match of two runs over 5 seeds, 0.813 ± 0.026 and 0.077 ± 0.040  ->  '+73.6 ± 5.1 points': confirmed
"""

import pandas as pd

from stages.page import chance, sentences
from stages.page.chance import About
from stages.page.seeds import Repeated, kinds
from stages.page.verdicts import CHANCE, CONFIRMED, CONTRADICTED, Judgement, above_zero, together


def above(one: tuple[str, Repeated], two: tuple[str, Repeated]) -> Judgement:
    """Whether one run's exact match is above that of another run, which learns from other rows."""
    parts = []
    for kind, rows in kinds(one[1], two[1]):
        shares = [own["exact_match"] for own in rows]
        middle, spread = chance.welch(*shares)
        texts = [f"{100 * own.mean():.1f} ± {100 * own.std():.1f} %" for own in shares]
        number = " and ".join(dict.fromkeys(str(len(own)) for own in rows))
        text = (
            f"Over {number} {kind} {one[0]} answers {texts[0]} of its held-out rows correctly, {two[0]} {texts[1]} "
            f"({sentences.about('exact_match', middle, spread)})."
        )
        parts.append(_judged(text, above_zero(middle - spread, middle + spread), one[1], two[1]))
    return together(parts)


def equal(lstm: Repeated, gru: Repeated) -> Judgement | None:
    """Whether the losses differ by at most 10 % and the token accuracies by at most 0.02, seed by seed.

    The same draw by draw. None if the two have fewer than two seeds in common.
    """
    parts = []
    for kind, (one, two) in kinds(lstm, gru):
        pairs = one.index.intersection(two.index)
        one, two = one.loc[pairs], two.loc[pairs]
        if len(pairs) < 2:
            continue
        bounds = {"loss": 0.1 * max(one["loss"].mean(), two["loss"].mean()), "token_accuracy": 0.02}
        texts, verdicts = [], []
        for measure, bound in bounds.items():
            about = chance.mean(two[measure] - one[measure])
            means = [sentences.value(measure, rows[measure].mean()) for rows in (one, two)]
            texts.append("{} with the LSTM and {} with the GRU ({})".format(*means, sentences.about(measure, *about)))
            verdicts.append(Judgement((), "", _within(about, bound)))
        text = f"Over {len(pairs)} {kind} the loss is {texts[0]}, the token accuracy {texts[1]}."
        parts.append(_judged(text, together(verdicts).verdict, lstm, gru))
    return together(parts) if parts else None


def _judged(text: str, verdict: str, *runs: Repeated) -> Judgement:
    """Nothing is confirmed of runs that have lost a training: the others are not all of their kind."""
    if lost := sum(one.lost for one in runs):
        text += f" Failed trainings: {lost}."
        verdict = CHANCE if verdict == CONFIRMED else verdict
    return Judgement((text,), "", verdict)


def _within(about: About, bound: float) -> str:
    """The verdict on "this difference is at most `bound`, either way"."""
    middle, spread = about
    if abs(middle) + spread <= bound:
        return CONFIRMED
    return CONTRADICTED if abs(middle) - spread > bound else CHANCE


def gap(run: Repeated) -> Judgement:
    """Whether the loss on held-out rows is above the loss on training rows."""
    parts = []
    for kind, (rows,) in kinds(run):
        middle, spread = chance.mean(rows["loss"] - rows["train_loss"])
        text = (
            f"Over {len(rows)} {kind} the loss is {rows['loss'].mean():.3f} on held-out rows and "
            f"{rows['train_loss'].mean():.3f} on training rows ({sentences.about('loss', middle, spread)})."
        )
        parts.append(_judged(text, above_zero(middle - spread, middle + spread), run))
    return together(parts)


def early(run: Repeated, curves: pd.DataFrame, share: float) -> Judgement | None:
    """Whether the first half of the epochs brings `share` of the loss' fall; None if a curve is missing or rises."""
    curves = curves[curves["point"].isin(run.seeds["point"])]
    found = pd.Series([first_half(own["valid_loss"]) for _, own in curves.groupby("point")])
    if len(found) < len(run.seeds) or found.isna().any():
        return None
    middle, spread = chance.mean(found)
    text = (
        f"The first half of the epochs brings {100 * middle:.1f} ± {100 * spread:.1f} % of the fall of the validation "
        f"loss ({len(found)} seeds)."
    )
    return _judged(text, above_zero(middle - spread - share, middle + spread - share), run)


def first_half(loss: pd.Series) -> float:
    """The share of a loss' fall that the first half of the epochs brings; NaN if it does not fall."""
    half = len(loss) // 2
    if half < 1 or loss.iloc[0] <= loss.min():
        return float("nan")
    return (loss.iloc[0] - loss.iloc[:half].min()) / (loss.iloc[0] - loss.min())
