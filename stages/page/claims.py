"""What the original report claims, the rule that judges each claim, and what was measured here.

"A GRU epoch is faster than an LSTM epoch."  ->  confirmed: An epoch takes 4.7 s with the GRU and 7.7 s with the LSTM …

Longer than other modules: each claim stands in the same file as the function that measures it.
"""

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from stages.page import sentences
from stages.page.references import REPORTED
from stages.page.results import Results
from stages.page.verdicts import (
    CONFIRMED,
    CONSISTENT,
    CONTRADICTED,
    UNMEASURED,
    Judgement,
    above_zero,
    difference,
    judge,
    together,
)

READINGS = (
    "The report gives one accuracy and does not say whether padding counted. It is consistent if it lies between our "
    "token accuracy (without padding) and our position accuracy (with padding), ± 0.03."
)
ABOVE = "Exact match is higher, and the 95 % interval of the difference over the held-out rows is above 0."
MISSING = Judgement(("No run for it yet.",), "", UNMEASURED)
NEAR = 0.03  # how far a reported accuracy may be from ours


Rule = str | tuple[str, ...]  # in words, or the studies that have it


@dataclass(frozen=True)
class Claim:
    """A claim, the rule that judges it, and the judgement."""

    text: str
    rule: Rule
    judgement: Judgement


def claims(results: Results) -> list[Claim]:
    """All of them, judged."""
    return [Claim(text, rule, measure(results)) for text, rule, measure in (*CLAIMS, *map(accuracy_of, REPORTED))]


def best_on_one_digit(results: Results) -> Judgement:
    own = _run(results, "single_digit", "lstm")
    rivals = [run for name in REPORTED if name != "single_digit" and (run := _run(results, name, "lstm")) is not None]
    if own is None or not rivals:
        return MISSING
    return _above(results, own, max(rivals, key=lambda run: run["exact_match"]))


def two_digits_harder(results: Results) -> Judgement:
    return _first_above(results, "single_digit", "two_digit")


def without_1_beats_two_digit(results: Results) -> Judgement:
    return _first_above(results, "without_1", "two_digit")


def flattens_early(results: Results) -> Judgement:
    run = _run(results, "full", "lstm")
    if run is None:
        return MISSING
    loss = results.curves.loc[results.curves["run"] == run["run"], "valid_loss"]
    half = len(loss) // 2
    if half < 1 or loss.iloc[0] <= loss.min():
        return Judgement((f"The validation loss does not fall in {len(loss)} epochs.",), "", UNMEASURED)
    share = (loss.iloc[0] - loss.iloc[:half].min()) / (loss.iloc[0] - loss.min())
    evidence = f"The first {half} of {len(loss)} epochs bring {100 * share:.0f} % of the fall of the validation loss."
    return _judged(evidence, share >= 0.95)


def gru_faster(results: Results) -> Judgement:
    timing = results.timing.set_index("run")
    machine = timing.columns.intersection(["device", "threads", "processes", "processor"])
    pairs = [(timing.loc[lstm["run"]], timing.loc[gru["run"]]) for lstm, gru in _pairs(results)]
    pairs = [(lstm, gru) for lstm, gru in pairs if lstm[machine].equals(gru[machine])]
    if not pairs:
        return MISSING
    seconds = [(lstm["dataset"], lstm["seconds_per_epoch"], gru["seconds_per_epoch"]) for lstm, gru in pairs]
    texts = (f"{gru:.1f} s with the GRU and {lstm:.1f} s with the LSTM on {dataset}" for dataset, lstm, gru in seconds)
    return _judged(f"An epoch takes {'; '.join(texts)}.", all(gru < lstm for _, lstm, gru in seconds))


def cells_equal(results: Results) -> Judgement:
    for lstm, gru in _pairs(results):
        if lstm["dataset"] == "single_digit":
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
    evidence = f"The loss is {run['loss']:.3f} on held-out rows and {run['train_loss']:.3f} on training rows."
    return _judged(evidence, run["loss"] > run["train_loss"])


def accuracy_of(dataset: str) -> tuple[str, Rule, Callable[[Results], Judgement]]:
    """The claim about a dataset's final accuracy, its rule, and how it is measured."""
    reported = REPORTED[dataset]

    def measure(results: Results) -> Judgement:
        run = _run(results, dataset, "lstm")
        if run is None:
            return MISSING
        low, high = sorted((run["token_accuracy"], run["position_accuracy"]))
        where = "below both" if reported.high < low - NEAR else "above both" if reported.low > high + NEAR else ""
        evidence = (
            f"The token accuracy of {run['run']} is {run['token_accuracy']:.3f}, its position accuracy "
            f"{run['position_accuracy']:.3f}; the reported figure is {where or 'between the two, or within 0.03'}."
        )
        return Judgement((evidence,), "", CONTRADICTED if where else CONSISTENT)

    return f"On {dataset} the LSTM's validation accuracy ends at {reported.accuracy}.", READINGS, measure


def _by_studies(*names: str) -> tuple[Rule, Callable[[Results], Judgement]]:
    """The studies that have the rule, and how it is measured."""

    def measure(results: Results) -> Judgement:
        if missing := set(names) - set(results.studies):
            return Judgement((f"No rows yet of {', '.join(sorted(missing))}.",), "", UNMEASURED)
        return together([judge(results.studies[name]) for name in names])

    return names, measure


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
    """Whether one run's exact match is above the other's, by more than the chance of the held-out rows."""
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


CLAIMS: tuple[tuple[str, Rule, Callable[[Results], Judgement]], ...] = (
    ("Subset 1 (single_digit) is learned best.", ABOVE, best_on_one_digit),
    ("… because its numbers and answers are small and it was not thinned out.", *_by_studies("thinned")),
    ("Two-digit answers are harder.", ABOVE, two_digits_harder),
    ("… because their range is wider.", *_by_studies("range")),
    ("An LSTM does slightly better than a GRU on longer, harder tasks.", *_by_studies("cell")),
    (
        "On the full sample the validation curves flatten early.",
        "The first half of the epochs brings 95 % of the fall of the validation loss.",
        flattens_early,
    ),
    ("A learning rate of 0.0001 is steadier but slow, 0.01 fluctuates or fails.", *_by_studies("learning_rate")),
    (
        "Large batches give steadier gradients but cost memory and time; small ones fluctuate.",
        *_by_studies("batch_size"),
    ),
    (
        "A GRU epoch is faster than an LSTM epoch.",
        "Fewer seconds per epoch on every dataset that has runs with both cells.",
        gru_faster,
    ),
    (
        "Loss and accuracy of LSTM and GRU are about equal on Subset 1.",
        "The losses differ by at most 10 %, the token accuracies by at most 0.02.",
        cells_equal,
    ),
    ("Subset 3 (without_1) beats Subset 2 (two_digit).", ABOVE, without_1_beats_two_digit),
    ("… because 20,000 rows are a larger share of it.", *_by_studies("share", "difficulty")),
    (
        "On the full sample there is a gap between training and validation.",
        "After the last epoch the validation loss is above the training loss.",
        gap_on_full,
    ),
    ("… which comes from a difference in distribution.", *_by_studies("distribution", "gap")),
    ("More data, the whole subset or corpus, would do better.", *_by_studies("sample_size")),
    ("More epochs would do better.", *_by_studies("epochs")),
)
