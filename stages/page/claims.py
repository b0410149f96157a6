"""What the original report claims, and the rule by which each is held against what was measured here.

"A GRU epoch is faster than an LSTM epoch."  ->  confirmed: single_digit: GRU 2.9 s, LSTM 3.4 s
"""

from collections.abc import Callable
from dataclasses import dataclass

from stages.page import findings, trials
from stages.page.original import REPORTED
from stages.page.results import Results
from stages.page.verdicts import Finding

ABOVE = "Exact match is higher, by more than the chance of the held-out rows (95 %)."
STUDY = "None yet: a study with runs of its own would be needed."


def _study(name: str) -> tuple[str, Callable[[Results], Finding]]:
    """The rule of studies.yaml, and what its trials say."""
    return (
        f"That of the study {name}.",
        lambda results: trials.finding(results.trials[name]) if name in results.trials else findings.MISSING,
    )


CLAIMS = (
    ("Subset 1 (single_digit) is learned best.", ABOVE, findings.best_on_one_digit),
    ("… because its numbers and answers are small and it was not thinned out.", STUDY, findings.unmeasured),
    ("Two-digit answers are harder.", ABOVE, findings.two_digits_harder),
    ("… because their range is wider.", STUDY, findings.unmeasured),
    ("An LSTM does slightly better than a GRU on longer, harder tasks.", ABOVE, findings.lstm_on_harder),
    (
        "On the full sample the validation curves flatten early.",
        "Half of the epochs bring 95 % of the fall of the validation loss.",
        findings.flattens_early,
    ),
    ("A learning rate of 0.0001 is steadier but slow, 0.01 fluctuates or fails.", *_study("learning_rate")),
    (
        "Large batches give steadier gradients but cost memory and time; small ones fluctuate.",
        *_study("batch_size"),
    ),
    ("A GRU epoch is faster than an LSTM epoch.", "Seconds an epoch, on every dataset with both.", findings.gru_faster),
    (
        "Loss and accuracy of LSTM and GRU are about equal on Subset 1.",
        "Losses within 10 % and token accuracies within 0.02 of each other.",
        findings.cells_equal,
    ),
    ("Subset 3 (without_1) beats Subset 2 (two_digit).", ABOVE, findings.without_1_beats_two_digit),
    ("… because 20,000 rows are a larger share of it.", STUDY, findings.unmeasured),
    (
        "On the full sample there is a gap between training and validation.",
        "The last validation loss is above the last training loss.",
        findings.gap_on_full,
    ),
    ("… which comes from a difference in distribution.", STUDY, findings.unmeasured),
    ("More data, the whole subset or corpus, would do better.", STUDY, findings.unmeasured),
    ("More epochs would do better.", *_study("epochs")),
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
