"""What is measured: each measure's name, what it may hold, how a person sees it, and the tables it belongs to.

exact_match  ->  a share, 'exact match', 0.0598; in the metrics of `evaluate`, on the page, in studies

A new measure is a line here and its calculation: in `evaluate` for METRICS, in stages/lab for a kind of study.
"""

from dataclasses import dataclass

from stages import columns
from stages.columns import AMOUNT, ORDINAL, SHARE, Column, with_gaps

METRICS = "metrics"  # what `evaluate` measures of a run
SCORES = "scores"  # the page's table of runs
TRAININGS, ANSWERS, SHIFT = "trainings", "answers", "shift"  # the kinds of study
EVERY = METRICS, TRAININGS, ANSWERS, SHIFT


@dataclass(frozen=True)
class Measure:
    """`form` formats a value. `of_rows`: a share of independent rows, of which an interval can be told. `endless`: it
    is infinite in a study where a loss is no number any more.
    """

    name: str
    title: str
    column: Column
    tables: tuple[str, ...]
    form: str = "{:.4f}"
    of_rows: bool = False
    endless: bool = False


MEASURES = (
    Measure("rows", "rows", ORDINAL, EVERY, "{:,}"),
    Measure("exact_match", "exact match", SHARE, (METRICS, SCORES, TRAININGS, ANSWERS), of_rows=True),
    Measure("token_accuracy", "token accuracy", SHARE, (METRICS, SCORES, TRAININGS)),
    Measure("position_accuracy", "position accuracy", SHARE, (METRICS, SCORES, TRAININGS)),
    Measure("loss", "loss", AMOUNT, (METRICS, SCORES, TRAININGS), endless=True),
    Measure("train_loss", "train loss", AMOUNT, (METRICS, SCORES)),
    Measure("train_token_accuracy", "train token accuracy", SHARE, (METRICS,)),
    Measure("parameters", "parameters", ORDINAL, (METRICS, SCORES), "{:,}"),
    Measure("epochs_to_reach", "epochs to reach a loss of {reach:g}", AMOUNT, (TRAININGS,), endless=True),
    Measure("unsteadiness", "unsteadiness", AMOUNT, (TRAININGS,), endless=True),
    Measure("clipped", "steps clipped", SHARE, (TRAININGS,)),
    Measure("seconds_per_epoch", "seconds per epoch", AMOUNT, (TRAININGS,)),
    Measure("peak_memory_mib", "peak memory, MiB", AMOUNT, (TRAININGS,)),
    Measure("right_length", "right length", SHARE, (ANSWERS,), of_rows=True),
    Measure("right_first", "right first", SHARE, (ANSWERS,), of_rows=True),
    Measure("right_last", "right last", SHARE, (ANSWERS,), of_rows=True),
    Measure("distance", "distance", SHARE, (SHIFT,)),
    Measure("p_value", "p-value", SHARE, (SHIFT,)),
    Measure("auc", "AUC", SHARE, (SHIFT,)),
    Measure("error", "error", AMOUNT, (SHIFT,)),
)
BY_NAME = {measure.name: measure for measure in MEASURES}


def of(table: str) -> dict[str, Measure]:
    """The measures of a table, or of a kind of study, by name and in their order."""
    return {measure.name: measure for measure in MEASURES if table in measure.tables}


def in_study(measure: Measure) -> Column:
    """What a study's column may hold; a gap is where a point failed or was left out."""
    return with_gaps(columns.ENDLESS if measure.endless else measure.column)
