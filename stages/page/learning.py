"""Learning curves of every run, one by one and together, and LSTM against GRU.

a row an epoch: full-lstm, epoch 25, train_loss 0.99, valid_loss 1.08  ->  Picture('loss', …)
"""

import pandas as pd
from matplotlib.axes import Axes

from stages.page.bars import seconds
from stages.page.results import Results
from stages.page.style import Panel, Picture, drawing, label_ends, short

MEASURES = {"loss": "cross-entropy, nats per token", "token_accuracy": "share of correct tokens"}
TRAINING, VALIDATION = {"linewidth": 0.9, "alpha": 0.8}, {"linewidth": 1.9}


def loss(results: Results) -> Picture:
    return _multiples(results, "loss", "Loss of every run")


def accuracy(results: Results) -> Picture:
    return _multiples(results, "token_accuracy", "Token accuracy of every run")


def overlay(results: Results) -> Picture:
    """All runs in one drawing for each measure."""
    kinds = "a full line", "a dashed one"
    cells = [f"{kind} {cell.upper()}" for kind, cell in zip(kinds, results.metrics["cell"].unique(), strict=False)]
    panels = []
    for column, label in {
        "valid_loss": f"held out, {MEASURES['loss']}",
        "valid_token_accuracy": f"held out, {MEASURES['token_accuracy']}",
        "valid_exact_match": "held out, share of correct answers",
    }.items():
        figure, axes = drawing(label, height=3.6)
        panels.append(Panel(figure, _overlaid(results, axes, results.curves, column)))
    return Picture(
        "overlay",
        "All runs together",
        f"Held-out rows only. A colour is a dataset; {', '.join(cells)}.{_about_bands(results)}",
        panels,
    )


def cells(results: Results) -> Picture | None:
    """Curves and seconds of each two runs that differ only in the cell; None if there are none."""
    panels = []
    for runs in results.pairs:
        rows = results.curves[results.curves["run"].isin(runs)]
        dataset = rows["dataset"].iloc[0]
        for measure in MEASURES:
            figure, axes = drawing(f"{short(dataset)}: {measure.replace('_', ' ')}")
            panels.append(Panel(figure, _overlaid(results, axes, rows, f"valid_{measure}")))
        panels.append(seconds(results, runs, dataset))
    if not panels:
        return None
    caption = (
        "Held-out rows. Sizes, rows and the order of batches are equal. Seconds are per pass over the training set."
        + _about_bands(results)
    )
    return Picture("cells", "Curves and seconds", caption, panels)


def _multiples(results: Results, measure: str, title: str) -> Picture:
    """A small panel for each run, all with the same scale."""
    columns = {"training": (f"train_{measure}", TRAINING), "held out": (f"valid_{measure}", VALIDATION)}
    values = results.curves[[column for column, _ in columns.values()]]
    drawn = pd.concat([values, results.bands.filter(like=f"valid_{measure}")])
    low, high = drawn.min().min(), drawn.max().max()
    margin = 0.05 * (high - low) or 0.05
    panels = []
    for run, rows in results.curves.groupby("run", sort=False):
        figure, axes = drawing(short(run), 2.6)
        axes.set_ylim(low - margin, high + margin)
        ends = {}
        for part, (column, weight) in columns.items():
            look = results.lines[run] | weight | _dot(rows)
            axes.plot(rows["epoch"], rows[column], **look)
            _band(results, axes, run, column)
            ends[part] = (rows["epoch"].iloc[-1], rows[column].iloc[-1], look["color"])
        label_ends(axes, ends)
        axes.set_xlabel("epoch")
        parts = (
            f"{part} from {rows[column].iloc[0]:.2f} to {rows[column].iloc[-1]:.2f}"
            for part, (column, _) in columns.items()
        )
        panels.append(Panel(figure, f"{run}, {MEASURES[measure]}, over {len(rows)} epochs: {', '.join(parts)}."))
    caption = (
        f"{MEASURES[measure].capitalize()}. Thick: held-out rows after each epoch. Thin: training rows during the "
        f"epoch, while the network is still improving, so that it can be the worse of the two.{_about_bands(results)}"
    )
    return Picture(measure.replace("_", "-"), title, caption, panels)


def _overlaid(results: Results, axes: Axes, curves: pd.DataFrame, column: str) -> str:
    """Draw one column of each run; the text for the drawing says where each run ended."""
    ends, parts = {}, []
    for run, rows in curves.groupby("run", sort=False):
        look = results.lines[run] | VALIDATION | _dot(rows)
        axes.plot(rows["epoch"], rows[column], **look)
        _band(results, axes, run, column)
        ends[run] = (rows["epoch"].iloc[-1], rows[column].iloc[-1], look["color"])
        parts.append(f"{run} ends at {rows[column].iloc[-1]:.3f}")
    label_ends(axes, ends)
    axes.set_xlabel("epoch")
    return f"{axes.get_title(loc='left')}: {', '.join(parts)}."


def _band(results: Results, axes: Axes, run: str, column: str) -> None:
    """From the lowest to the highest of the run's seeds, where the study `seeds` kept this column."""
    own = results.bands[results.bands["run"] == run]
    if len(own) and f"{column}_min" in own:
        colour = results.lines[run]["color"]
        axes.fill_between(
            own["epoch"], own[f"{column}_min"], own[f"{column}_max"], color=colour, alpha=0.2, linewidth=0
        )


def _about_bands(results: Results) -> str:
    one = " One network for each run: another seed may give another curve."
    return " A band is the range over the seeds of the study “seeds”." if len(results.bands) else one


def _dot(rows: pd.DataFrame) -> dict:
    """A marker where the curve has a single epoch."""
    return {"marker": "o"} if len(rows) == 1 else {}
