"""Learning curves of every run, one by one and together, and LSTM against GRU.

a row an epoch: full-lstm, epoch 25, train_loss 0.99, valid_loss 1.08  ->  Picture('loss', …)
"""

from collections.abc import Iterable

import pandas as pd
from matplotlib.axes import Axes

from stages.page.results import Results
from stages.page.style import INK, Panel, Picture, beside, drawing, label_ends, short
from stages.page.verdicts import interval

MEASURES = {"loss": "cross-entropy, nats per token", "token_accuracy": "share of correct tokens"}
TRAINING, VALIDATION = {"linewidth": 0.9, "alpha": 0.8}, {"linewidth": 1.9}


def exact_match(results: Results) -> Picture:
    """A bar for each run, with the 95 % interval over its held-out rows."""
    figure, axes = drawing("share correct, held-out rows", height=1.1 + 0.4 * len(results.metrics))
    parts = []
    for place, (run, correct) in enumerate(results.predictions.groupby("run", sort=False)["correct"]):
        low, high = interval(correct.mean(), len(correct))
        _bar(axes, results, place, run, correct.mean())
        axes.hlines(place, low, high, color=INK, linewidth=1)
        beside(axes, f"{correct.mean():.3f}", high, place)
        parts.append(f"{run} {correct.mean():.3f} ({low:.3f} to {high:.3f})")
    axes.set_xlim(0, 1.1)
    _name_bars(axes, results.metrics["run"])
    caption = "Thin lines are 95 % intervals (Wilson) over the held-out rows; another seed may change a score by more."
    return Picture("exact-match", "Exact match", caption, [Panel(figure, f"Exact match: {', '.join(parts)}.")])


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
        f"Held-out rows only. A colour is a dataset; {', '.join(cells)}.",
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
        panels.append(_seconds(results, runs, dataset))
    if not panels:
        return None
    caption = (
        "Held-out rows. Sizes, rows and the order of batches are equal. Seconds are per pass over the training set."
    )
    return Picture("cells", "Curves and seconds", caption, panels)


def _multiples(results: Results, measure: str, title: str) -> Picture:
    """A small panel for each run, all with the same scale."""
    columns = {"training": (f"train_{measure}", TRAINING), "held out": (f"valid_{measure}", VALIDATION)}
    values = results.curves[[column for column, _ in columns.values()]]
    low, high = values.min().min(), values.max().max()
    margin = 0.05 * (high - low) or 0.05
    panels = []
    for run, rows in results.curves.groupby("run", sort=False):
        figure, axes = drawing(short(run), 2.6)
        axes.set_ylim(low - margin, high + margin)
        ends = {}
        for part, (column, weight) in columns.items():
            look = results.lines[run] | weight | _dot(rows)
            axes.plot(rows["epoch"], rows[column], **look)
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
        "epoch, while the network is still improving, so that it can be the worse of the two."
    )
    return Picture(measure.replace("_", "-"), title, caption, panels)


def _overlaid(results: Results, axes: Axes, curves: pd.DataFrame, column: str) -> str:
    """Draw one column of each run; the text for the drawing says where each run ended."""
    ends, parts = {}, []
    for run, rows in curves.groupby("run", sort=False):
        look = results.lines[run] | VALIDATION | _dot(rows)
        axes.plot(rows["epoch"], rows[column], **look)
        ends[run] = (rows["epoch"].iloc[-1], rows[column].iloc[-1], look["color"])
        parts.append(f"{run} ends at {rows[column].iloc[-1]:.3f}")
    label_ends(axes, ends)
    axes.set_xlabel("epoch")
    return f"{axes.get_title(loc='left')}: {', '.join(parts)}."


def _seconds(results: Results, runs: tuple[str, str], dataset: str) -> Panel:
    rows = results.timing[results.timing["run"].isin(runs)]
    figure, axes = drawing(f"{short(dataset)}: seconds", 1.1 + 0.4 * len(rows))
    for place, row in enumerate(rows.itertuples()):
        _bar(axes, results, place, row.run, row.seconds_per_epoch)
        beside(axes, f"{row.seconds_per_epoch:.1f} s", row.seconds_per_epoch, place)
    axes.margins(x=0.18)
    _name_bars(axes, rows["run"])
    parts = (f"{row.run} {row.seconds_per_epoch:.1f}" for row in rows.itertuples())
    return Panel(figure, f"Seconds per epoch on {dataset}: {', '.join(parts)}.")


def _dot(rows: pd.DataFrame) -> dict:
    """A marker where the curve has a single epoch."""
    return {"marker": "o"} if len(rows) == 1 else {}


def _bar(axes: Axes, results: Results, place: int, run: str, value: float) -> None:
    """A bar in the run's colour, filled for a full line and framed by a broken one otherwise."""
    look, thick = results.lines[run], 0.55
    axes.barh(place, value, height=thick, color=look["color"], alpha=0.85 if look["linestyle"] == "-" else 0.3)
    axes.barh(
        place, value, height=thick, fill=False, edgecolor=look["color"], linestyle=look["linestyle"], linewidth=1.5
    )


def _name_bars(axes: Axes, runs: Iterable[str]) -> None:
    """The names on the left, the first one on top."""
    names = [short(run) for run in runs]
    axes.set_yticks(range(len(names)), names)
    axes.invert_yaxis()
    axes.grid(visible=False, axis="y")
