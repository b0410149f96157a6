"""What a commit holds of a trained run: a row of its figures, and what a study keeps of it beside the row.

HEAD, full-lstm  ->  exact_match 0.0544, epochs_to_reach inf, …
keep             ->  reports/studies/NAME/history.csv, kinds.csv, mistakes.csv, data/models/NAME.safetensors
"""

import io
import json
import tempfile
from pathlib import Path

import pandas as pd

from stages import files, studies
from stages.lab.call import call
from stages.network import weights

TIMING = "seconds_per_epoch", "peak_memory_mib", *studies.MACHINE
METRICS = "rows", "exact_match", "loss", "token_accuracy", "position_accuracy"


def results(commit: str, run: str, reports: Path) -> tuple[dict, dict, pd.DataFrame]:
    """Metrics, timing and the curve of the training."""
    metrics, timing, history = (
        call("git", "show", f"{commit}:{reports.as_posix()}/{kind}/{run}{ending}")
        for kind, ending in (("metrics", ".json"), ("timing", ".json"), ("history", ".csv"))
    )
    return json.loads(metrics), json.loads(timing), pd.read_csv(io.StringIO(history))


def row(metrics: dict, timing: dict, history: pd.DataFrame, reach: float) -> dict:
    """What a row tells of a finished training: its last metrics, and how fast and how steady its curve was.

    `epochs_to_reach` is the first epoch with a validation loss of at most `reach`, infinite where none is;
    `unsteadiness` the standard deviation of that loss' change from epoch to epoch, over the second half.
    """
    loss = history["valid_loss"]
    reached = history.loc[loss <= reach, "epoch"]
    return {
        **{name: metrics[name] for name in METRICS},
        "epochs_to_reach": reached.iloc[0] if len(reached) else float("inf"),
        "unsteadiness": loss.diff().iloc[len(loss) // 2 :].std(),
        "clipped": history["clipped"].mean(),
        **{name: timing.get(name) for name in TIMING},  # older timings do not name the processor
    }


def keep(commit: str, run: str, history: pd.DataFrame, folder: Path, data: Path, model: Path) -> None:
    """The curve, the answers' kinds and the wrong ones as tables in the folder, and the network.

    Its weights are kept in float16: half of the bytes.
    """
    with tempfile.TemporaryDirectory() as outputs:
        found = [Path(outputs) / f"{run}{ending}" for ending in (".safetensors", ".parquet")]
        for path, output in zip(found, ("models", "predictions"), strict=True):
            # Both are in DVC's cache, under names that the commit knows
            call("dvc", "get", ".", (data / output / path.name).as_posix(), "--rev", commit, "--out", str(path))
        network = weights.load(found[0])
        answers = files.read_table(found[1], files.PREDICTIONS).to_pandas()
    network.model.half()
    tables = {"history": history, "kinds": kinds(answers), "mistakes": mistakes(answers)}
    with files.whole(*(folder / f"{name}.csv" for name in tables), model) as [*drafts, draft]:
        for path, table in zip(drafts, tables.values(), strict=True):
            files.write_text(path, table.to_csv(index=False, float_format="%.6g"))
        weights.save(draft, network)


def kinds(answers: pd.DataFrame) -> pd.DataFrame:
    """How many rows there are of each template and number of characters in the right answer, and how many are right."""
    length = answers["tgt"].astype(str).str.len().rename("length")
    counts = answers.groupby(["template", length], observed=True)["correct"].agg(rows="size", right="sum")
    return counts.reset_index()


def mistakes(answers: pd.DataFrame) -> pd.DataFrame:
    """The rows that were answered wrong."""
    return answers.loc[~answers["correct"], ["src", "tgt", "predicted", "template", "probability"]]
