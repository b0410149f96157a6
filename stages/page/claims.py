"""What the original report claims, each held against what was measured here; the rules were written before the page.

"A GRU epoch is faster than an LSTM epoch."  ->  confirmed: on single_digit 2.9 s against 3.4 s
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from stages.page.original import REPORTED
from stages.page.results import Results

Finding = tuple[str, bool | None]  # the measured values, and whether the claim holds; None where that cannot be said
MISSING = "no runs for it yet", None


@dataclass(frozen=True)
class Claim:
    """A claim, the rule by which it is judged, and what was found."""

    text: str
    rule: str
    measured: str
    verdict: str


def claims(results: Results) -> list[Claim]:
    """All of them, judged."""
    verdicts = {True: "confirmed", False: "contradicted", None: "not yet measured"}
    judged = []
    for text, rule, find in (*CLAIMS, *map(_accuracy_of, REPORTED)):
        measured, holds = find(results)
        judged.append(Claim(text, rule, measured, verdicts[holds]))
    return judged


def _best_on_one_digit(results: Results) -> Finding:
    own = _run(results, "single_digit", "lstm")
    others = results.metrics[(results.metrics["cell"] == "lstm") & (results.metrics["dataset"] != "single_digit")]
    if own is None or others.empty:
        return MISSING
    return _above(results, own, others.loc[others["exact_match"].idxmax()])


def _wider_is_harder(results: Results) -> Finding:
    one, two = (_run(results, dataset, "lstm") for dataset in ("single_digit", "two_digit"))
    if one is None or two is None:
        return MISSING
    spans = [len(results.counts[dataset].answers) for dataset in ("single_digit", "two_digit")]
    said, better = _above(results, one, two)
    return f"{spans[0]:,} different answers against {spans[1]:,}; {said}", better and spans[0] < spans[1]


def _lstm_on_harder(results: Results) -> Finding:
    pairs = [pair for dataset, pair in _both_cells(results) if dataset != "single_digit"]
    if not pairs:
        return MISSING
    found = [_above(results, lstm, gru) for lstm, gru in pairs]
    holds = None if any(one is None for _, one in found) else all(one for _, one in found)
    return "; ".join(said for said, _ in found), holds


def _flattens_early(results: Results) -> Finding:
    run = _run(results, "full", "lstm")
    if run is None:
        return MISSING
    loss = results.curves.loc[results.curves["run"] == run["run"], "valid_loss"]
    half = len(loss) // 2
    if half < 1 or loss.iloc[0] <= loss.min():
        return MISSING
    share = (loss.iloc[0] - loss.iloc[: half + 1].min()) / (loss.iloc[0] - loss.min())
    return f"{share:.0%} of the fall within {half} of {len(loss)} epochs", bool(share >= 0.95)


def _gru_faster(results: Results) -> Finding:
    seconds = results.timing.set_index("run")["seconds_per_epoch"]
    pairs = [(dataset, seconds[lstm["run"]], seconds[gru["run"]]) for dataset, (lstm, gru) in _both_cells(results)]
    if not pairs:
        return MISSING
    said = "; ".join(f"{dataset}: GRU {gru:.1f} s, LSTM {lstm:.1f} s" for dataset, lstm, gru in pairs)
    return said, all(gru < lstm for _, lstm, gru in pairs)


def _cells_equal(results: Results) -> Finding:
    for dataset, (lstm, gru) in _both_cells(results):
        if dataset == "single_digit":
            close = abs(lstm["loss"] / gru["loss"] - 1) < 0.1
            accuracy = abs(lstm["token_accuracy"] - gru["token_accuracy"]) < 0.02
            said = "loss {:.3f} and {:.3f}, token accuracy {:.3f} and {:.3f} (LSTM and GRU)"
            figures = (row[name] for name in ("loss", "token_accuracy") for row in (lstm, gru))
            return said.format(*figures), bool(close and accuracy)
    return MISSING


def _without_1_beats_two_digit(results: Results) -> Finding:
    one, two = (_run(results, dataset, "lstm") for dataset in ("without_1", "two_digit"))
    return MISSING if one is None or two is None else _above(results, one, two)


def _gap_on_full(results: Results) -> Finding:
    run = _run(results, "full", "lstm")
    if run is None:
        return MISSING
    return f"loss {run['loss']:.3f} held out, {run['train_loss']:.3f} in training", bool(
        run["loss"] > run["train_loss"]
    )


def _unmeasured(results: Results) -> Finding:
    return MISSING


def _accuracy_of(dataset: str) -> tuple[str, str, Callable[[Results], Finding]]:
    reported = REPORTED[dataset]

    def find(results: Results) -> Finding:
        run = _run(results, dataset, "lstm")
        if run is None:
            return MISSING
        found = run["position_accuracy"]
        return f"{found:.3f} ({run['run']})", bool(reported.low - 0.03 <= found <= reported.high + 0.03)

    text = f"On {dataset} the LSTM's validation accuracy ends at {reported.accuracy}."
    return text, "Position accuracy, the nearest reading, is at most 0.03 away.", find


def _run(results: Results, dataset: str, cell: str) -> pd.Series | None:
    """The metrics of the first run on a dataset with a cell."""
    found = results.metrics[(results.metrics["dataset"] == dataset) & (results.metrics["cell"] == cell)]
    return None if found.empty else found.iloc[0]


def _both_cells(results: Results) -> list[tuple[str, tuple[pd.Series, pd.Series]]]:
    """The LSTM's and the GRU's metrics on each dataset that has both."""
    pairs = [(dataset, (_run(results, dataset, "lstm"), _run(results, dataset, "gru"))) for dataset in results.counts]
    return [(dataset, pair) for dataset, pair in pairs if not any(run is None for run in pair)]


def _above(results: Results, one: pd.Series, two: pd.Series) -> Finding:
    """Whether one run's exact match is above the other's; None where the difference is within chance (95 %)."""
    rows = results.predictions["run"].value_counts()
    shares = one["exact_match"], two["exact_match"]
    difference = shares[0] - shares[1]
    spread = 1.96 * math.sqrt(sum(p * (1 - p) / rows[run["run"]] for p, run in zip(shares, (one, two), strict=True)))
    said = f"exact match {shares[0]:.3f} ({one['run']}) and {shares[1]:.3f} ({two['run']})"
    said += f", difference {difference:+.3f} ± {spread:.3f}"
    return (said, bool(difference > 0)) if abs(difference) > spread else (f"{said}, within chance", None)


ABOVE = "Exact match is higher by more than chance (95 %, over held-out rows)."
STUDY = "None yet: a study with runs of its own would be needed."
CLAIMS = (
    ("Subset 1 (single_digit) is learned best.", ABOVE, _best_on_one_digit),
    ("… because its numbers and answers are small and it was not thinned out.", STUDY, _unmeasured),
    (
        "Two-digit answers are harder, because their range is wider.",
        f"two_digit has more different answers than single_digit. {ABOVE}",
        _wider_is_harder,
    ),
    ("An LSTM does slightly better than a GRU on longer, harder tasks.", ABOVE, _lstm_on_harder),
    (
        "On the full sample the validation curves flatten early.",
        "Half of the epochs bring 95 % of the fall of the validation loss.",
        _flattens_early,
    ),
    ("A learning rate of 0.0001 is steadier but slow, 0.01 fluctuates or fails.", STUDY, _unmeasured),
    ("Large batches give steadier gradients but cost memory and time; small ones fluctuate.", STUDY, _unmeasured),
    ("A GRU epoch is faster than an LSTM epoch.", "Seconds an epoch, on every dataset with both.", _gru_faster),
    (
        "Loss and accuracy of LSTM and GRU are about equal on Subset 1.",
        "Losses within 10 % and token accuracies within 0.02 of each other.",
        _cells_equal,
    ),
    ("Subset 3 (without_1) beats Subset 2 (two_digit).", ABOVE, _without_1_beats_two_digit),
    ("… because 20,000 rows are a larger share of it.", STUDY, _unmeasured),
    (
        "On the full sample there is a gap between training and validation.",
        "The last validation loss is above the last training loss.",
        _gap_on_full,
    ),
    ("… which comes from a difference in distribution.", STUDY, _unmeasured),
    ("More data, the whole subset or corpus, would do better.", STUDY, _unmeasured),
    ("More epochs would do better.", STUDY, _unmeasured),
)
