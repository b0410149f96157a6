"""What the original report claims, the rule that judges each claim, and what was measured here.

"A GRU epoch is faster than an LSTM epoch."  ->  confirmed: single_digit: GRU 2.9 s, LSTM 3.4 s

Longer than other modules: each claim stands in the same file as the function that measures it.
"""

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from stages.page.references import REPORTED
from stages.page.results import Results
from stages.page.verdicts import (
    CONFIRMED,
    CONTRADICTED,
    UNMEASURED,
    Judgement,
    above_zero,
    difference,
    judge,
    together,
)

ABOVE = "Exact match is higher, by more than the chance of the held-out rows (95 %)."
MISSING = "no runs for it yet", UNMEASURED


@dataclass(frozen=True)
class Claim:
    """A claim, the rule by which it is judged, the evidence, and the verdict."""

    text: str
    rule: str
    measured: str
    verdict: str


def claims(results: Results) -> list[Claim]:
    """All of them, judged."""
    return [Claim(text, rule, *measure(results)) for text, rule, measure in (*CLAIMS, *map(accuracy_of, REPORTED))]


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
        return f"{len(loss)} epochs without a fall", UNMEASURED
    share = (loss.iloc[0] - loss.iloc[:half].min()) / (loss.iloc[0] - loss.min())
    return f"{share:.0%} of the fall within {half} of {len(loss)} epochs", _holds(share >= 0.95)


def gru_faster(results: Results) -> Judgement:
    timing = results.timing.set_index("run")
    machine = timing.columns.intersection(["device", "threads", "processes", "processor"])
    pairs = [(timing.loc[lstm["run"]], timing.loc[gru["run"]]) for lstm, gru in _pairs(results)]
    pairs = [(lstm, gru) for lstm, gru in pairs if lstm[machine].equals(gru[machine])]
    if not pairs:
        return MISSING
    seconds = [(lstm["dataset"], lstm["seconds_per_epoch"], gru["seconds_per_epoch"]) for lstm, gru in pairs]
    evidence = "; ".join(f"{dataset}: GRU {gru:.1f} s, LSTM {lstm:.1f} s" for dataset, lstm, gru in seconds)
    return evidence, _holds(all(gru < lstm for _, lstm, gru in seconds))


def cells_equal(results: Results) -> Judgement:
    for lstm, gru in _pairs(results):
        if lstm["dataset"] == "single_digit":
            close = abs(lstm["loss"] - gru["loss"]) <= 0.1 * max(lstm["loss"], gru["loss"])
            accuracy = abs(lstm["token_accuracy"] - gru["token_accuracy"]) <= 0.02
            evidence = "loss {:.3f} and {:.3f}, token accuracy {:.3f} and {:.3f} (LSTM and GRU)"
            figures = (row[name] for name in ("loss", "token_accuracy") for row in (lstm, gru))
            return evidence.format(*figures), _holds(close and accuracy)
    return MISSING


def gap_on_full(results: Results) -> Judgement:
    run = _run(results, "full", "lstm")
    if run is None:
        return MISSING
    evidence = f"loss {run['loss']:.3f} held out, {run['train_loss']:.3f} in training"
    return evidence, _holds(run["loss"] > run["train_loss"])


def accuracy_of(dataset: str) -> tuple[str, str, Callable[[Results], Judgement]]:
    """The claim about a dataset's final accuracy, its rule, and how it is measured."""
    reported = REPORTED[dataset]

    def measure(results: Results) -> Judgement:
        run = _run(results, dataset, "lstm")
        if run is None:
            return MISSING
        accuracy = run["position_accuracy"]
        return f"{accuracy:.3f} ({run['run']})", _holds(reported.low - 0.03 <= accuracy <= reported.high + 0.03)

    text = f"On {dataset} the LSTM's validation accuracy ends at {reported.accuracy}."
    return text, "Position accuracy, the nearest reading, is at most 0.03 away.", measure


def _by_studies(*names: str) -> tuple[str, Callable[[Results], Judgement]]:
    """A rule that stands in studies.yaml, and how it is measured."""

    def measure(results: Results) -> Judgement:
        if missing := set(names) - set(results.studies):
            return f"nothing yet of {', '.join(sorted(missing))}", UNMEASURED
        return together([judge(results.studies[name]) for name in names])

    return f"As in studies.yaml: {', '.join(names)}.", measure


def _holds(truth: bool) -> str:
    return CONFIRMED if truth else CONTRADICTED


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
    evidence = (
        f"exact match {one['exact_match']:.3f} ({one['run']}) and {two['exact_match']:.3f} ({two['run']}), "
        f"the difference between {low:+.3f} and {high:+.3f}"
    )
    return evidence, above_zero(low, high)


CLAIMS = (
    ("Subset 1 (single_digit) is learned best.", ABOVE, best_on_one_digit),
    ("… because its numbers and answers are small and it was not thinned out.", *_by_studies("thinned")),
    ("Two-digit answers are harder.", ABOVE, two_digits_harder),
    ("… because their range is wider.", *_by_studies("range")),
    ("An LSTM does slightly better than a GRU on longer, harder tasks.", *_by_studies("cell")),
    (
        "On the full sample the validation curves flatten early.",
        "Half of the epochs bring 95 % of the fall of the validation loss.",
        flattens_early,
    ),
    ("A learning rate of 0.0001 is steadier but slow, 0.01 fluctuates or fails.", *_by_studies("learning_rate")),
    (
        "Large batches give steadier gradients but cost memory and time; small ones fluctuate.",
        *_by_studies("batch_size"),
    ),
    ("A GRU epoch is faster than an LSTM epoch.", "Seconds an epoch, on every dataset with both.", gru_faster),
    (
        "Loss and accuracy of LSTM and GRU are about equal on Subset 1.",
        "Losses within 10 % and token accuracies within 0.02 of each other.",
        cells_equal,
    ),
    ("Subset 3 (without_1) beats Subset 2 (two_digit).", ABOVE, without_1_beats_two_digit),
    ("… because 20,000 rows are a larger share of it.", *_by_studies("share", "difficulty")),
    (
        "On the full sample there is a gap between training and validation.",
        "The last validation loss is above the last training loss.",
        gap_on_full,
    ),
    ("… which comes from a difference in distribution.", *_by_studies("distribution", "gap")),
    ("More data, the whole subset or corpus, would do better.", *_by_studies("sample_size")),
    ("More epochs would do better.", *_by_studies("epochs")),
)
