"""What the original report of this experiment gives for its own runs, read off its text and curves.

Its validation figures after 25 epochs; it does not say whether padding counted in its accuracy.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Reported:
    """Figures in its words; `low` and `high` enclose the accuracy."""

    loss: str
    accuracy: str
    low: float
    high: float


REPORTED = {
    "single_digit": Reported("about 0.2", "over 0.90", 0.90, 1.0),
    "two_digit": Reported("about 0.85", "about 0.67", 0.67, 0.67),
    "without_1": Reported("about 0.78", "about 0.70", 0.70, 0.70),
    "full": Reported("0.60 to 0.65", "0.71 to 0.76", 0.71, 0.76),
}
