"""A study `seeds` made by hand: three seeds and three draws of each run of hand_made, whose means a person can tell."""

from dataclasses import replace

import pandas as pd

from stages.page import claims
from stages.page.results import Results
from stages.page.verdicts import Judgement
from stages.studies import design
from tests.hand_made import results

SEEDS = [42, 1, 2]
POINTS = [
    {"dataset": dataset, "cell": cell} | repeated
    for dataset, cell in (("single_digit", "lstm"), ("single_digit", "gru"), ("full", "lstm"))
    for repeated in ({"seed": SEEDS, "sample_seed": 42}, {"seed": 42, "sample_seed": [1, 2]})
]
# Exact match with seeds 42, 1, 2 and draws 1, 2; a loss is 1 less that
SCORES = {
    ("single_digit", "lstm"): [0.70, 0.72, 0.74, 0.80, 0.60],
    ("single_digit", "gru"): [0.75, 0.78, 0.78, 0.84, 0.66],
    ("full", "lstm"): [0.05, 0.06, 0.07, 0.05, 0.05],
}
MACHINE = {"device": "cpu", "threads": 1, "processes": 1, "torch": "2.13.0", "processor": "AMD EPYC 9B14"}


def entry() -> design.Study:
    place = {"dataset": "single_digit", "sample_seed": 42}
    comparison = design.Comparison(larger="exact_match", at=place | {"cell": "gru"}, than_at=place | {"cell": "lstm"})
    return design.Study(
        question="?",
        run="single_digit-lstm",
        points=POINTS,
        reach=1.0,
        by=["dataset", "cell"],
        show=["exact_match"],
        rule=[comparison],
    )


def study(**changes: list) -> tuple[design.Study, pd.DataFrame]:
    """The study and its rows; `changes` replace columns."""
    points = design.points(entry())
    scores = [score for scores in SCORES.values() for score in scores]
    rows = [
        {"point": design.label(point), "status": "done", **point, "rows": 2000, "exact_match": score}
        for point, score in zip(points, scores, strict=True)
    ]
    table = pd.DataFrame(rows)
    exact = table["exact_match"]
    table = table.assign(token_accuracy=exact + 0.1, position_accuracy=exact + 0.2, loss=1 - exact)
    table = table.assign(train_loss=0.9 - exact, seconds_per_epoch=table["cell"].map({"lstm": 2.0, "gru": 1.5}))
    return entry(), table.assign(commit="1234567", **MACHINE).assign(**changes)


def curves() -> pd.DataFrame:
    """Two epochs of each network, whose loss falls by 1 and is higher by 1 at each later point."""
    rows = []
    for number, point in enumerate(design.points(entry())):
        for epoch, loss in ((1, 2.0 + number), (2, 1.0 + number)):
            rows.append((design.label(point), epoch, loss, 0.1 * epoch, 0.05 * epoch))
    return pd.DataFrame(rows, columns=["point", "epoch", "valid_loss", "valid_token_accuracy", "valid_exact_match"])


OWN = {"exact_match": [0.70, 0.75, 0.05], "loss": [0.30, 0.25, 0.95]}  # of the first point of each run


def repeated(metrics: dict[str, list] = OWN, **changes: list) -> Results:
    """Results of hand_made with these metrics, and the study."""
    found, tried = results(), study(**changes)
    metrics = found.metrics.assign(**metrics)
    return replace(found, studies={"seeds": tried}, seed_curves=curves(), metrics=metrics)


def claim(found: Results, start: str) -> Judgement:
    """The judgement of the claim that starts so."""
    return next(one for one in claims.claims(found) if one.text.startswith(start)).judgement
