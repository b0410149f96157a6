"""What the original report claims, the rule that judges each claim, and what was measured here.

"A GRU epoch is faster than an LSTM epoch."  ->  confirmed: An epoch takes 4.7 s with the GRU and 6.6 s with the LSTM …
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from stages.page import evidence
from stages.page.references import REPORTED
from stages.page.results import Results
from stages.page.verdicts import UNMEASURED, Judgement, judge, together

READINGS = (
    "The report gives one accuracy and does not say whether padding counted. It is consistent if it lies between our "
    "token accuracy (without padding) and our position accuracy (with padding), ± 0.03. With several seeds, a figure "
    "farther off is contradicted only if it also lies outside the 95 % interval for another network."
)
OVER = "over seeds (and over draws, if there are any) the 95 % interval of the difference"
ABOVE = f"Exact match is higher: {OVER} is above 0 (Welch's t). With one network each, it is over the held-out rows."

Rule = str | tuple[str, ...]  # in words, or the studies that have it
Measured = tuple[str, Rule, Callable[[Results], Judgement]]


@dataclass(frozen=True)
class Claim:
    """A claim, the rule that judges it, and the judgement."""

    text: str
    rule: Rule
    judgement: Judgement


def claims(results: Results) -> list[Claim]:
    """All of them, judged."""
    return [Claim(text, rule, measure(results)) for text, rule, measure in (*CLAIMS, *map(accuracy_of, REPORTED))]


def accuracy_of(dataset: str) -> Measured:
    """The claim about a dataset's final accuracy, its rule, and how it is measured."""
    text = f"On {dataset} the LSTM's validation accuracy ends at {REPORTED[dataset].accuracy}."
    return text, READINGS, partial(evidence.accuracy, dataset=dataset)


def _by_studies(*names: str) -> tuple[Rule, Callable[[Results], Judgement]]:
    """The studies that have the rule, and how it is measured."""

    def measure(results: Results) -> Judgement:
        if missing := set(names) - set(results.studies):
            return Judgement((f"No rows yet of {', '.join(sorted(missing))}.",), "", UNMEASURED)
        return together([judge(results.studies[name]) for name in names])

    return names, measure


CLAIMS: tuple[Measured, ...] = (
    ("Subset 1 (single_digit) is learned best.", ABOVE, evidence.best_on_one_digit),
    ("… because its numbers and answers are small and it was not thinned out.", *_by_studies("thinned")),
    ("Two-digit answers are harder.", ABOVE, evidence.two_digits_harder),
    ("… because their range is wider.", *_by_studies("range")),
    ("An LSTM does slightly better than a GRU on longer, harder tasks.", *_by_studies("cell")),
    (
        "On the full sample the validation curves flatten early.",
        "The first half of the epochs brings 95 % of the fall of the validation loss, over seeds by more than chance.",
        evidence.flattens_early,
    ),
    ("A learning rate of 0.0001 is steadier but slow, 0.01 fluctuates or fails.", *_by_studies("learning_rate")),
    (
        "Large batches give steadier gradients but cost memory and time; small ones fluctuate.",
        *_by_studies("batch_size"),
    ),
    (
        "A GRU epoch is faster than an LSTM epoch.",
        "Fewer seconds per epoch on every dataset that has runs with both cells.",
        evidence.gru_faster,
    ),
    (
        "Loss and accuracy of LSTM and GRU are about equal on Subset 1.",
        f"The losses differ by at most 10 %, the token accuracies by at most 0.02: {OVER} lies within these bounds.",
        evidence.cells_equal,
    ),
    ("Subset 3 (without_1) beats Subset 2 (two_digit).", ABOVE, evidence.without_1_beats_two_digit),
    ("… because 20,000 rows are a larger share of it.", *_by_studies("share", "difficulty")),
    (
        "On the full sample there is a gap between training and validation.",
        f"After the last epoch the validation loss is above the training loss: {OVER} is above 0.",
        evidence.gap_on_full,
    ),
    ("… which comes from a difference in distribution.", *_by_studies("distribution", "gap")),
    ("More data, the whole subset or corpus, would do better.", *_by_studies("sample_size")),
    ("More epochs would do better.", *_by_studies("epochs")),
)
