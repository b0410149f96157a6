"""What is measured: each measure's name, how a person sees it, and the tables it belongs to.

exact_match  ->  'exact match', 0.0598; in the metrics of `evaluate`, on the page, in studies

A new measure is a line here and its calculation: in `evaluate` for METRICS, in this folder for a kind of study.
"""

from dataclasses import dataclass

METRICS = "metrics"  # what `evaluate` measures of a run
SCORES = "scores"  # the page's table of runs
TRAININGS, ANSWERS, SHIFT = "trainings", "answers", "shift"  # the kinds of study
STEPS = {"sum": "sum", "product": "product", "parts": "part of a product", "part_sum": "sum of parts"}
ENDS = {"right_length": "length", "right_first": "first character", "right_last": "last character"}
EVERY = METRICS, TRAININGS, ANSWERS, SHIFT


@dataclass(frozen=True)
class Measure:
    """`form` formats a value in a table; `phrase` and `unit` stand in a sentence.

    `of_rows`: it is a share of independent rows, so it has an interval. `endless`: a study may have infinite values,
    where a training diverged.
    """

    name: str
    title: str
    tables: tuple[str, ...]
    form: str = "{:.4f}"
    unit: str = ""  # a share in percent has ' %'
    subject: str = ""  # where 'the' and the title would not do
    of_rows: bool = False
    endless: bool = False

    @property
    def phrase(self) -> str:
        return self.subject or f"the {self.title}"


MEASURES = (
    Measure("rows", "rows", EVERY, "{:,}"),
    Measure("exact_match", "exact match", (METRICS, SCORES, TRAININGS, ANSWERS), unit=" %", of_rows=True),
    Measure("twins", "rows with a twin", (METRICS, TRAININGS), unit=" %", subject="the share of twins"),
    Measure("exact_match_twin", "exact match, twin", (METRICS, TRAININGS), unit=" %"),
    Measure("exact_match_no_twin", "exact match, no twin", (METRICS, TRAININGS), unit=" %"),
    Measure("met", "rows met as questions", (METRICS, TRAININGS), unit=" %"),
    # By the operation of a row's first wrong step; a sum may be a difference
    *(
        Measure(
            f"wrong_{operation}",
            f"first wrong: {title}",
            (METRICS, TRAININGS),
            unit=" %",
            subject=f"the share of rows whose first wrong step is a {title}",
            of_rows=True,
        )
        for operation, title in STEPS.items()
    ),
    Measure("token_accuracy", "token accuracy", (METRICS, SCORES, TRAININGS), unit=" %"),
    Measure("position_accuracy", "position accuracy", (METRICS, SCORES, TRAININGS), unit=" %"),
    Measure("loss", "loss", (METRICS, SCORES, TRAININGS), endless=True),
    Measure("train_loss", "train loss", (METRICS, SCORES, TRAININGS), endless=True),
    Measure("train_token_accuracy", "train token accuracy", (METRICS,)),
    Measure("parameters", "parameters", (METRICS, SCORES), "{:,}"),
    Measure("epochs_to_reach", "epochs to reach a loss of {reach:g}", (TRAININGS,), endless=True),
    Measure("unsteadiness", "unsteadiness of the loss", (TRAININGS,), endless=True),
    Measure("clipped", "share of clipped steps", (TRAININGS,), unit=" %"),
    Measure("seconds_per_epoch", "seconds per epoch", (TRAININGS,), unit=" s", subject="the time per epoch"),
    Measure("peak_memory_mib", "peak memory, MiB", (TRAININGS,), unit=" MiB", subject="the peak memory"),
    *(
        Measure(name, f"correct {end}", (ANSWERS,), unit=" %", subject=f"the share of correct {end}s", of_rows=True)
        for name, end in ENDS.items()
    ),
    Measure("distance", "distance", (SHIFT,)),
    Measure("p_value", "p-value", (SHIFT,)),
    Measure("auc", "AUC", (SHIFT,)),
    Measure("error", "error", (SHIFT,)),
)
BY_NAME = {measure.name: measure for measure in MEASURES}


def of(table: str) -> dict[str, Measure]:
    """The measures of a table, or of a kind of study, by name and in their order."""
    return {measure.name: measure for measure in MEASURES if table in measure.tables}
