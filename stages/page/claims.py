"""What the original report claims, and the rule by which each is held against what was measured here.

"A GRU epoch is faster than an LSTM epoch."  ->  confirmed: single_digit: GRU 2.9 s, LSTM 3.4 s
"""

from collections.abc import Callable
from dataclasses import dataclass

from stages.page import findings, trials
from stages.page.references import REPORTED
from stages.page.results import Results
from stages.page.verdicts import UNMEASURED, Finding, together

ABOVE = "Exact match is higher, by more than the chance of the held-out rows (95 %)."


def _studies(*names: str) -> tuple[str, Callable[[Results], Finding]]:
    """The rules of studies.yaml, and what their trials say."""

    def find(results: Results) -> Finding:
        if missing := set(names) - set(results.trials):
            return f"nothing yet of {', '.join(sorted(missing))}", UNMEASURED
        return together([trials.finding(results.trials[name]) for name in names])

    return f"As in studies.yaml: {', '.join(names)}.", find


CLAIMS = (
    ("Subset 1 (single_digit) is learned best.", ABOVE, findings.best_on_one_digit),
    ("… because its numbers and answers are small and it was not thinned out.", *_studies("thinned")),
    ("Two-digit answers are harder.", ABOVE, findings.two_digits_harder),
    ("… because their range is wider.", *_studies("range")),
    ("An LSTM does slightly better than a GRU on longer, harder tasks.", *_studies("cell")),
    (
        "On the full sample the validation curves flatten early.",
        "Half of the epochs bring 95 % of the fall of the validation loss.",
        findings.flattens_early,
    ),
    ("A learning rate of 0.0001 is steadier but slow, 0.01 fluctuates or fails.", *_studies("learning_rate")),
    (
        "Large batches give steadier gradients but cost memory and time; small ones fluctuate.",
        *_studies("batch_size"),
    ),
    ("A GRU epoch is faster than an LSTM epoch.", "Seconds an epoch, on every dataset with both.", findings.gru_faster),
    (
        "Loss and accuracy of LSTM and GRU are about equal on Subset 1.",
        "Losses within 10 % and token accuracies within 0.02 of each other.",
        findings.cells_equal,
    ),
    ("Subset 3 (without_1) beats Subset 2 (two_digit).", ABOVE, findings.without_1_beats_two_digit),
    ("… because 20,000 rows are a larger share of it.", *_studies("share", "difficulty")),
    (
        "On the full sample there is a gap between training and validation.",
        "The last validation loss is above the last training loss.",
        findings.gap_on_full,
    ),
    ("… which comes from a difference in distribution.", *_studies("distribution", "gap")),
    ("More data, the whole subset or corpus, would do better.", *_studies("sample_size")),
    ("More epochs would do better.", *_studies("epochs")),
)


@dataclass(frozen=True)
class Claim:
    """A claim, the rule by which it is judged, and what was found."""

    text: str
    rule: str
    measured: str
    verdict: str


def claims(results: Results) -> list[Claim]:
    """All of them, judged."""
    return [Claim(text, rule, *find(results)) for text, rule, find in (*CLAIMS, *map(findings.accuracy_of, REPORTED))]
