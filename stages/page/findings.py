"""How each claim of the original report is measured: from the results to figures in words and whether it holds.

metrics and predictions of single_digit-lstm and the other LSTMs  ->  ('exact match 0.769 (single_digit-lstm) …', True)
"""

import math
from collections.abc import Callable

import pandas as pd

from stages.page.original import REPORTED
from stages.page.results import Results

Finding = tuple[str, bool | None]  # the measured values, and whether the claim holds; None where that cannot be said
MISSING = "no runs for it yet", None


def best_on_one_digit(results: Results) -> Finding:
    own = _run(results, "single_digit", "lstm")
    others = results.metrics[(results.metrics["cell"] == "lstm") & (results.metrics["dataset"] != "single_digit")]
    if own is None or others.empty:
        return MISSING
    return _above(results, own, others.loc[others["exact_match"].idxmax()])


def wider_is_harder(results: Results) -> Finding:
    one, two = (_run(results, dataset, "lstm") for dataset in ("single_digit", "two_digit"))
    if one is None or two is None:
        return MISSING
    spans = [len(results.counts[dataset].answers) for dataset in ("single_digit", "two_digit")]
    said, better = _above(results, one, two)
    return f"{spans[0]:,} different answers against {spans[1]:,}; {said}", better and spans[0] < spans[1]


def lstm_on_harder(results: Results) -> Finding:
    pairs = [pair for dataset, pair in _both_cells(results) if dataset != "single_digit"]
    if not pairs:
        return MISSING
    found = [_above(results, lstm, gru) for lstm, gru in pairs]
    holds = None if any(one is None for _, one in found) else all(one for _, one in found)
    return "; ".join(said for said, _ in found), holds


def flattens_early(results: Results) -> Finding:
    run = _run(results, "full", "lstm")
    if run is None:
        return MISSING
    loss = results.curves.loc[results.curves["run"] == run["run"], "valid_loss"]
    half = len(loss) // 2
    if half < 1 or loss.iloc[0] <= loss.min():
        return MISSING
    share = (loss.iloc[0] - loss.iloc[: half + 1].min()) / (loss.iloc[0] - loss.min())
    return f"{share:.0%} of the fall within {half} of {len(loss)} epochs", bool(share >= 0.95)


def gru_faster(results: Results) -> Finding:
    seconds = results.timing.set_index("run")["seconds_per_epoch"]
    pairs = [(dataset, seconds[lstm["run"]], seconds[gru["run"]]) for dataset, (lstm, gru) in _both_cells(results)]
    if not pairs:
        return MISSING
    said = "; ".join(f"{dataset}: GRU {gru:.1f} s, LSTM {lstm:.1f} s" for dataset, lstm, gru in pairs)
    return said, all(gru < lstm for _, lstm, gru in pairs)


def cells_equal(results: Results) -> Finding:
    for dataset, (lstm, gru) in _both_cells(results):
        if dataset == "single_digit":
            close = abs(lstm["loss"] / gru["loss"] - 1) < 0.1
            accuracy = abs(lstm["token_accuracy"] - gru["token_accuracy"]) < 0.02
            said = "loss {:.3f} and {:.3f}, token accuracy {:.3f} and {:.3f} (LSTM and GRU)"
            figures = (row[name] for name in ("loss", "token_accuracy") for row in (lstm, gru))
            return said.format(*figures), bool(close and accuracy)
    return MISSING


def without_1_beats_two_digit(results: Results) -> Finding:
    one, two = (_run(results, dataset, "lstm") for dataset in ("without_1", "two_digit"))
    return MISSING if one is None or two is None else _above(results, one, two)


def gap_on_full(results: Results) -> Finding:
    run = _run(results, "full", "lstm")
    if run is None:
        return MISSING
    return f"loss {run['loss']:.3f} held out, {run['train_loss']:.3f} in training", bool(
        run["loss"] > run["train_loss"]
    )


def unmeasured(results: Results) -> Finding:
    return MISSING


def accuracy_of(dataset: str) -> tuple[str, str, Callable[[Results], Finding]]:
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
