"""Calibration: how sure a network is of its answers, and how often it is correct.

an answer with probability 0.93, correct  ->  in the bin 0.9 to 1, where 0.95 of the answers are correct
"""

import numpy as np
import pandas as pd

from stages.page.chance import FEWEST, interval
from stages.page.grids import Cell, Table, count, share
from stages.page.results import Results
from stages.page.style import PALE, Panel, Picture, drawing, short

BINS = 10  # of equal width


def binned(predictions: pd.DataFrame) -> pd.DataFrame:
    """A row for each bin with answers of one run: mean probability, share of correct answers, number of answers."""
    last = BINS - 1  # counted from 0; a probability of 1 belongs to it
    bins = np.minimum((predictions["probability"] * BINS).astype(int), last)
    grouped = predictions.groupby(bins.to_numpy())
    return grouped.agg(probability=("probability", "mean"), right=("correct", "mean"), answers=("correct", "size"))


def calibration_error(predictions: pd.DataFrame) -> float:
    """The mean distance between probability and share of correct answers, weighted by bin size (Naeini et al. 2015)."""
    table = binned(predictions)
    return float(np.average(abs(table["probability"] - table["right"]), weights=table["answers"]))


def reliability(results: Results) -> Picture:
    panels = []
    for run, rows in results.predictions.groupby("run", sort=False):
        table, error = binned(rows), calibration_error(rows)
        table = table[table["answers"] >= FEWEST]
        figure, axes = drawing(f"{short(run)}: error {error:.3f}", 3.3)
        axes.plot([0, 1], [0, 1], color=PALE, linewidth=1)
        axes.plot(table["probability"], table["right"], **results.points[run])
        for row in table.itertuples():
            ends = interval(row.right, row.answers)
            axes.vlines(row.probability, *ends, color=results.points[run]["color"], linewidth=0.8)
        axes.set_xlim(-0.02, 1.02)
        axes.set_ylim(-0.02, 1.02)
        axes.set_xlabel("probability of the answer")
        axes.set_ylabel("share of correct answers")
        parts = ", ".join(f"{row.right:.2f} at {row.probability:.2f}" for row in table.itertuples())
        panels.append(Panel(figure, f"{run}, share of correct answers at each mean probability: {parts}."))
    caption = (
        "Answers in ten bins by their probability; bins with fewer than five answers are left out. A calibrated "
        "network lies on the grey line. The expected calibration error is the mean distance from it over all answers."
    )
    return Picture("reliability", "Reliability, and expected calibration error", caption, panels)


def calibration(results: Results) -> Table:
    rows = []
    for run, answers in results.predictions.groupby("run", sort=False):
        sure = answers["probability"] >= 0.9
        rows.append(
            [
                Cell(run),
                share(answers["probability"].mean()),
                share(answers["correct"].mean()),
                share(calibration_error(answers)),
                count(int(sure.sum())),
                share(answers.loc[sure, "correct"].mean()) if sure.any() else Cell("", -1),
            ]
        )
    heads = [
        "run",
        "mean probability",
        "exact match",
        "calibration error",
        "answers with 0.9 or more",
        "of these correct",
    ]
    return Table(
        "calibration", "Probability and correctness", "Held-out rows of one network for each run.", heads, rows
    )
