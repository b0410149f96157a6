"""The evidence for a claim about the report's runs, over seeds and draws, or by one network each.

two_digits_harder  ->  'Over 5 seeds single_digit-lstm answers 81.3 ± 2.6 % …': confirmed
"""

import math

import pandas as pd

from stages.page import contrasts, sentences
from stages.page.chance import another, difference
from stages.page.references import REPORTED
from stages.page.results import Results
from stages.page.runs import typical
from stages.page.seeds import Repeated, kinds
from stages.page.verdicts import (
    CHANCE,
    CONFIRMED,
    CONSISTENT,
    CONTRADICTED,
    UNMEASURED,
    Judgement,
    above_zero,
)

MISSING = Judgement(("No run for it yet.",), "", UNMEASURED)
EARLY = 0.95  # of a loss' fall
READINGS = "token_accuracy", "position_accuracy"  # of the report's accuracy
NEAR = 0.03  # how far a reported accuracy may be from ours


def best_on_one_digit(results: Results) -> Judgement:
    own = _run(results, "single_digit", "lstm")
    rivals = [run for name in REPORTED if name != "single_digit" and (run := _run(results, name, "lstm")) is not None]
    if own is None or not rivals:
        return MISSING
    means = {run: exact_match for run, exact_match, _ in typical(results)}
    return _above(results, own, max(rivals, key=lambda run: means[run["run"]]))


def two_digits_harder(results: Results) -> Judgement:
    return _first_above(results, "single_digit", "two_digit")


def without_1_beats_two_digit(results: Results) -> Judgement:
    return _first_above(results, "without_1", "two_digit")


def flattens_early(results: Results) -> Judgement:
    run = _run(results, "full", "lstm")
    if run is None:
        return MISSING
    repeated, curves = results.repeated.get(run["run"]), results.seed_curves
    if repeated and curves is not None and (judgement := contrasts.early(repeated, curves, EARLY)):
        return judgement
    loss = results.curves.loc[results.curves["run"] == run["run"], "valid_loss"]
    share = contrasts.first_half(loss)
    if math.isnan(share):
        return Judgement((f"The validation loss does not fall in {len(loss)} epochs.",), "", UNMEASURED)
    epochs = f"The first {len(loss) // 2} of {len(loss)} epochs"
    evidence = f"{epochs} bring {100 * share:.0f} % of the fall of the validation loss."
    return _judged(evidence, share >= EARLY)


def gru_faster(results: Results) -> Judgement:
    """By the pipeline's own timings: a study's trainings run beside others, which slows some more than others."""
    timing = results.timing.set_index("run")
    machine = timing.columns.intersection(["device", "threads", "processes", "processor"])
    pairs = [(timing.loc[lstm["run"]], timing.loc[gru["run"]]) for lstm, gru in _pairs(results)]
    pairs = [(lstm, gru) for lstm, gru in pairs if lstm[machine].equals(gru[machine])]
    if not pairs:
        return MISSING
    seconds = [(lstm["dataset"], lstm["seconds_per_epoch"], gru["seconds_per_epoch"]) for lstm, gru in pairs]
    texts = (f"{gru:.1f} s with the GRU and {lstm:.1f} s with the LSTM on {dataset}" for dataset, lstm, gru in seconds)
    text = f"An epoch takes {'; '.join(texts)} (one network each, mean of its epochs)."
    return _judged(text, all(gru < lstm for _, lstm, gru in seconds))


def cells_equal(results: Results) -> Judgement:
    for lstm, gru in _pairs(results):
        if lstm["dataset"] == "single_digit":
            repeated = _repeated(results, lstm, gru)
            if judgement := contrasts.equal(*repeated) if repeated else None:
                return judgement
            close = abs(lstm["loss"] - gru["loss"]) <= 0.1 * max(lstm["loss"], gru["loss"])
            accuracy = abs(lstm["token_accuracy"] - gru["token_accuracy"]) <= 0.02
            evidence = "The loss is {:.3f} with the LSTM and {:.3f} with the GRU, the token accuracy {} and {}."
            shares = (sentences.value("token_accuracy", row["token_accuracy"]) for row in (lstm, gru))
            return _judged(evidence.format(lstm["loss"], gru["loss"], *shares), close and accuracy)
    return MISSING


def gap_on_full(results: Results) -> Judgement:
    run = _run(results, "full", "lstm")
    if run is None:
        return MISSING
    if repeated := _repeated(results, run):
        return contrasts.gap(*repeated)
    evidence = f"The loss is {run['loss']:.3f} on held-out rows and {run['train_loss']:.3f} on training rows."
    return _judged(evidence, run["loss"] > run["train_loss"])


def _judged(evidence: str, holds: bool) -> Judgement:
    return Judgement((evidence,), "", CONFIRMED if holds else CONTRADICTED)


def _run(results: Results, dataset: str, cell: str) -> pd.Series | None:
    """The metrics of the first run on a dataset with a cell."""
    runs = results.metrics[(results.metrics["dataset"] == dataset) & (results.metrics["cell"] == cell)]
    return None if runs.empty else runs.iloc[0]


def _pairs(results: Results) -> list[tuple[pd.Series, pd.Series]]:
    """The metrics of each LSTM and GRU that are alike but for the cell."""
    metrics = results.metrics.set_index("run", drop=False)
    return [(metrics.loc[lstm], metrics.loc[gru]) for lstm, gru in results.pairs]


def _first_above(results: Results, dataset: str, other: str) -> Judgement:
    one, two = _run(results, dataset, "lstm"), _run(results, other, "lstm")
    return MISSING if one is None or two is None else _above(results, one, two)


def _above(results: Results, one: pd.Series, two: pd.Series) -> Judgement:
    """Whether one run's exact match is above the other's, by more than chance."""
    if repeated := _repeated(results, one, two):
        return contrasts.above(*zip((one["run"], two["run"]), repeated, strict=True))
    rows = results.predictions["run"].value_counts()
    low, high = difference(*((run["exact_match"], rows[run["run"]]) for run in (one, two)))
    shares = [sentences.value("exact_match", run["exact_match"]) for run in (one, two)]
    evidence = f"{one['run']} answers {shares[0]} of its held-out rows correctly, {two['run']} {shares[1]}"
    figures = "exact match {:.3f} and {:.3f}, difference {:+.3f} to {:+.3f}"
    return Judgement(
        (f"{evidence} ({sentences.between('exact_match', low, high)}).",),
        figures.format(one["exact_match"], two["exact_match"], low, high),
        above_zero(low, high),
    )


def accuracy(results: Results, dataset: str) -> Judgement:
    """Whether the report's final accuracy lies between our two, or near."""
    run, reported = _run(results, dataset, "lstm"), REPORTED[dataset]
    if run is None:
        return MISSING
    shares, slack, over = run[[*READINGS]], 0.0, ""
    if repeated := _repeated(results, run):
        rows = repeated[0].seeds
        shares, over = rows[[*READINGS]].mean(), f" over {len(rows)} seeds"
        slack = max(another(own[name])[1] for _, (own,) in kinds(*repeated) for name in READINGS)
    low, high = sorted(shares)
    where = "below both" if reported.high < low - NEAR else "above both" if reported.low > high + NEAR else ""
    beyond = reported.high < low - NEAR - slack or reported.low > high + NEAR + slack
    evidence = (
        f"The token accuracy of {run['run']} is {shares['token_accuracy']:.3f}{over}, its position accuracy "
        f"{shares['position_accuracy']:.3f}; the reported figure is {where or 'between the two, or within 0.03'}."
    )
    return Judgement((evidence,), "", CONTRADICTED if beyond else CHANCE if where else CONSISTENT)


def _repeated(results: Results, *runs: pd.Series) -> list[Repeated]:
    """The networks of the runs with other seeds and draws; none if one of the runs has none."""
    found = [results.repeated.get(run["run"]) for run in runs]
    return [one for one in found if one] if all(found) else []
