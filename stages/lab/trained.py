"""Results of a trained run, read from a commit: its row in a study's table, and the files that a study keeps.

HEAD, full-lstm  ->  exact_match 0.0544, epochs_to_reach inf, …
keep             ->  reports/studies/NAME/history.csv, kinds.csv, mistakes.csv, …, data/models/NAME.safetensors
"""

import io
import json
import shutil
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from stages import files, measures, model_file, study_table
from stages.lab.dvc import call
from stages.measures import of
from stages.network import alphabet, scores, weights

TIMING = "seconds_per_epoch", "peak_memory_mib", *study_table.MACHINE
HELD_OUT = 1000  # rows from which the page's calculator picks examples
KEPT = ["src", "tgt", "written", "predicted", "template", "probability"]
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


def keep(commit: str, run: str, dataset: str, history: pd.DataFrame, folder: Path, data: Path, model: Path) -> None:
    """Write the network in float16, which halves its size, and in `folder` the history and the results of `asked`."""
    with tempfile.TemporaryDirectory() as outputs:

        def get(path: Path) -> Path:
            """A copy of a file of the commit, from DVC's cache."""
            call("dvc", "get", ".", path.as_posix(), "--rev", commit, "--out", str(Path(outputs) / path.name))
            return Path(outputs) / path.name

        network = weights.load(get(data / "models" / f"{run}.safetensors"))
        before = files.read_table(get(data / "predictions" / f"{run}.parquet"), files.PREDICTIONS).to_pandas()
        rows = files.read_table(get(data / "samples" / dataset / "valid.parquet"))
        network.model.half()
        half = Path(outputs) / "half"
        weights.save(half, network)
        tables, rounding = asked(half, rows, before["predicted"])
        texts = {"history.csv": _csv(history), "rounding.json": json.dumps(rounding, indent=2) + "\n"}
        texts |= {f"{name}.csv": _csv(table) for name, table in tables.items()}
        # Two copies: `predict` reads the one in data/models, `report` the one in the study's folder, because it depends
        # on whole folders: a fresh clone has all of this one, but not of data/models
        networks = model, folder / "network.safetensors"
        with files.atomic(*(folder / name for name in texts), *networks) as drafts:
            for path, text in zip(drafts, texts.values(), strict=False):
                files.write_text(path, text)
            for path in drafts[len(texts) :]:
                shutil.copyfile(half, path)


def asked(model: Path, rows: pa.Table, before: pd.Series) -> tuple[dict[str, pd.DataFrame], dict]:
    """The network's answers to all held-out rows, as tables by name, and the effect of the rounding to float16.

    The tables are kinds, mistakes and held_out (HELD_OUT rows drawn with a fixed seed). `before` are the answers of
    the network before the rounding.
    """
    network = weights.load(model)
    sources, answers = alphabet.encode_table(rows, model)
    found = scores.answer(network, rows, sources, answers)[0].to_pandas()
    rounding = {
        "sha256": model_file.read(model)[0]["sha256"],
        "rows": len(found),
        "changed": int((found["predicted"].to_numpy() != before.to_numpy()).sum()),
        "exact_match": round(float(found["correct"].mean()), 6),
    }
    drawn = np.random.default_rng(0).permutation(len(found))[:HELD_OUT]
    return {"kinds": kinds(found), "mistakes": mistakes(found), "held_out": found.loc[drawn, KEPT]}, rounding


def kinds(answers: pd.DataFrame) -> pd.DataFrame:
    """The numbers of rows and of correct answers, by template and length of the true answer."""
    length = answers["tgt"].astype(str).str.len().rename("length")
    counts = answers.groupby(["template", length], observed=True)["correct"].agg(rows="size", right="sum")
    return counts.reset_index()


def mistakes(answers: pd.DataFrame) -> pd.DataFrame:
    """The rows with a wrong answer."""
    return answers.loc[~answers["correct"], KEPT]


def _csv(table: pd.DataFrame) -> str:
    return table.to_csv(index=False, float_format="%.6g")
