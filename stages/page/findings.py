"""How each claim of the original report is measured: figures in words, and the verdict that follows by the rule.

metrics and predictions of single_digit-lstm and the other LSTMs  ->  ('exact match 0.788 (…', 'confirmed')
"""

from collections.abc import Callable

import pandas as pd

from stages.page.references import REPORTED
from stages.page.results import Results
from stages.page.shares import difference
from stages.page.verdicts import CHANCE, CONFIRMED, CONTRADICTED, UNMEASURED, Finding

MISSING = "no runs for it yet", UNMEASURED


def best_on_one_digit(results: Results) -> Finding:
    own = _run(results, "single_digit", "lstm")
    others = [run for name in REPORTED if name != "single_digit" and (run := _run(results, name, "lstm")) is not None]
    if own is None or not others:
        return MISSING
    return _above(results, own, max(others, key=lambda run: run["exact_match"]))


def two_digits_harder(results: Results) -> Finding:
    return _first_above(results, "single_digit", "two_digit")


def without_1_beats_two_digit(results: Results) -> Finding:
    return _first_above(results, "without_1", "two_digit")


def flattens_early(results: Results) -> Finding:
    run = _run(results, "full", "lstm")
    if run is None:
        return MISSING
    loss = results.curves.loc[results.curves["run"] == run["run"], "valid_loss"]
    half = len(loss) // 2
    if half < 1 or loss.iloc[0] <= loss.min():
        return f"{len(loss)} epochs without a fall", UNMEASURED
    share = (loss.iloc[0] - loss.iloc[:half].min()) / (loss.iloc[0] - loss.min())
    return f"{share:.0%} of the fall within {half} of {len(loss)} epochs", _verdict(share >= 0.95)


def gru_faster(results: Results) -> Finding:
    timing = results.timing.set_index("run")
    machine = timing.columns.intersection(["device", "threads", "processes", "processor"])
    pairs = [(timing.loc[lstm["run"]], timing.loc[gru["run"]]) for lstm, gru in _pairs(results)]
    pairs = [(lstm, gru) for lstm, gru in pairs if lstm[machine].equals(gru[machine])]
    if not pairs:
        return MISSING
    seconds = [(lstm["dataset"], lstm["seconds_per_epoch"], gru["seconds_per_epoch"]) for lstm, gru in pairs]
    said = "; ".join(f"{dataset}: GRU {gru:.1f} s, LSTM {lstm:.1f} s" for dataset, lstm, gru in seconds)
    return said, _verdict(all(gru < lstm for _, lstm, gru in seconds))


def cells_equal(results: Results) -> Finding:
    for lstm, gru in _pairs(results):
        if lstm["dataset"] == "single_digit":
            close = abs(lstm["loss"] - gru["loss"]) <= 0.1 * max(lstm["loss"], gru["loss"])
            accuracy = abs(lstm["token_accuracy"] - gru["token_accuracy"]) <= 0.02
            said = "loss {:.3f} and {:.3f}, token accuracy {:.3f} and {:.3f} (LSTM and GRU)"
            figures = (row[name] for name in ("loss", "token_accuracy") for row in (lstm, gru))
            return said.format(*figures), _verdict(close and accuracy)
    return MISSING


def gap_on_full(results: Results) -> Finding:
    run = _run(results, "full", "lstm")
    if run is None:
        return MISSING
    said = f"loss {run['loss']:.3f} held out, {run['train_loss']:.3f} in training"
    return said, _verdict(run["loss"] > run["train_loss"])


def accuracy_of(dataset: str) -> tuple[str, str, Callable[[Results], Finding]]:
    """The claim about a dataset's final accuracy, its rule, and how it is measured."""
    reported = REPORTED[dataset]

    def find(results: Results) -> Finding:
        run = _run(results, dataset, "lstm")
        if run is None:
            return MISSING
        found = run["position_accuracy"]
        return f"{found:.3f} ({run['run']})", _verdict(reported.low - 0.03 <= found <= reported.high + 0.03)

    text = f"On {dataset} the LSTM's validation accuracy ends at {reported.accuracy}."
    return text, "Position accuracy, the nearest reading, is at most 0.03 away.", find


def _verdict(holds: bool) -> str:
    return CONFIRMED if holds else CONTRADICTED


def _run(results: Results, dataset: str, cell: str) -> pd.Series | None:
    """The metrics of the first run on a dataset with a cell."""
    found = results.metrics[(results.metrics["dataset"] == dataset) & (results.metrics["cell"] == cell)]
    return None if found.empty else found.iloc[0]


def _pairs(results: Results) -> list[tuple[pd.Series, pd.Series]]:
    """The metrics of each LSTM and GRU that are alike but for the cell."""
    metrics = results.metrics.set_index("run", drop=False)
    return [(metrics.loc[lstm], metrics.loc[gru]) for lstm, gru in results.pairs]


def _first_above(results: Results, dataset: str, other: str) -> Finding:
    one, two = _run(results, dataset, "lstm"), _run(results, other, "lstm")
    return MISSING if one is None or two is None else _above(results, one, two)


def _above(results: Results, one: pd.Series, two: pd.Series) -> Finding:
    """Whether one run's exact match is above the other's, by more than the chance of the held-out rows."""
    rows = results.predictions["run"].value_counts()
    low, high = difference(*((run["exact_match"], rows[run["run"]]) for run in (one, two)))
    said = (
        f"exact match {one['exact_match']:.3f} ({one['run']}) and {two['exact_match']:.3f} ({two['run']}), "
        f"the difference between {low:+.3f} and {high:+.3f}"
    )
    return said, CONFIRMED if low > 0 else CONTRADICTED if high < 0 else CHANCE
