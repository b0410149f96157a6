"""The validation curve of each training of a study, in one table.

lr=0.01 seed=1, 25 epochs  ->  reports/studies/seeds/curves.csv: a row per epoch, with the point
"""

from pathlib import Path

import pandas as pd

from stages import files, studies, study_table

FILE = study_table.CURVES
COLUMNS = ["epoch", "valid_loss", "valid_token_accuracy", "valid_exact_match"]


def add(path: Path, entry: studies.Study, point: studies.Point, history: pd.DataFrame) -> None:
    """Put the point's curve into the table at `path`, instead of an older curve of the point.

    The table keeps the order of the study's points.
    """
    label = studies.label(point)
    own = history[COLUMNS].assign(point=label)
    if path.exists():
        known = pd.read_csv(path)
        own = pd.concat([known[known["point"] != label], own])
    order = {studies.label(one): number for number, one in enumerate(studies.points(entry))}
    own = own[own["point"].isin(order)].sort_values("point", key=lambda names: names.map(order), kind="stable")
    with files.atomic(path) as [draft]:
        files.write_text(draft, own[["point", *COLUMNS]].to_csv(index=False, float_format="%.6g"))
