"""Results of a trained run, read from a commit, and its row in a study's table.

HEAD, full-lstm  ->  exact_match 0.0544, epochs_to_reach inf, …
"""

import io
import json
from pathlib import Path

import pandas as pd

from stages import measures, study_table
from stages.lab.dvc import call
from stages.measures import of

TIMING = "seconds_per_epoch", "peak_memory_mib", *study_table.MACHINE
METRICS = [name for name, measure in of(measures.METRICS).items() if measures.TRAININGS in measure.tables]


def results(commit: str, run: str, reports: Path) -> tuple[dict, dict, pd.DataFrame]:
    """Metrics, timing and history of a run in a commit."""
    metrics, timing, history = (
        call("git", "show", f"{commit}:{reports.as_posix()}/{kind}/{run}{ending}")
        for kind, ending in (("metrics", ".json"), ("timing", ".json"), ("history", ".csv"))
    )
    return json.loads(metrics), json.loads(timing), pd.read_csv(io.StringIO(history))


def summary(metrics: dict, timing: dict, history: pd.DataFrame, reach: float) -> dict:
    """A finished training's row: its last metrics, timing, and how fast and how steadily its loss fell.

    `epochs_to_reach` is the first epoch with a validation loss of at most `reach`, infinite if there is none.
    `unsteadiness` is the standard deviation of that loss' change from epoch to epoch, over the second half.
    """
    loss = history["valid_loss"]
    reached = history.loc[loss <= reach, "epoch"]
    return {
        **{name: metrics.get(name) for name in METRICS},
        "epochs_to_reach": reached.iloc[0] if len(reached) else float("inf"),
        "unsteadiness": loss.diff().iloc[len(loss) // 2 :].std(),
        "clipped": history["clipped"].mean(),
        **{name: timing.get(name) for name in TIMING},  # older timings do not name the processor
    }
