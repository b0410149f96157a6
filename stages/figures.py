"""Every picture of the results, in one style: a colour for each dataset, a line style for each cell.

A table of curves goes in, a row an epoch of a run:

    run        dataset  cell  epoch  train_loss  valid_loss  …
    full-lstm  full     lstm  1      2.19        2.04
"""

import io

import matplotlib
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

# Okabe and Ito's palette, told apart with any colour vision.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")
DASHES = ("-", (0, (4, 1.5)), (0, (1, 1)))
STYLE = {
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.3,
    "font.size": 10,
    "legend.frameon": False,
    "svg.hashsalt": "results",  # else every drawing has other ids
}
PANELS = {"loss": "cross-entropy, nats a token", "token_accuracy": "share of right tokens"}


def svg(figure: Figure) -> str:
    """The figure as text; the same figure gives the same text on every day."""
    text = io.StringIO()
    with matplotlib.rc_context(STYLE):
        figure.savefig(text, format="svg", metadata={"Date": None})
    return text.getvalue()


@matplotlib.rc_context(STYLE)
def curves(history: pd.DataFrame, run: str) -> Figure:
    """Loss and accuracy of one run, training against validation."""
    figure = Figure(figsize=(9, 3.4), layout="constrained")
    for axes, (measure, label) in zip(figure.subplots(1, 2), PANELS.items(), strict=True):
        axes.plot(history["epoch"], history[f"train_{measure}"], color=COLOURS[1], label="training")
        axes.plot(history["epoch"], history[f"valid_{measure}"], color=COLOURS[0], label="validation")
        _name(axes, label)
        axes.legend()
    figure.suptitle(run)
    return figure


@matplotlib.rc_context(STYLE)
def all_runs(table: pd.DataFrame) -> Figure:
    """Every run in one picture: validation thick, training thin."""
    figure = Figure(figsize=(9, 4.6), layout="constrained")
    colour, dash = _keys(table, "dataset", COLOURS), _keys(table, "cell", DASHES)
    panels = figure.subplots(1, 2)
    for axes, (measure, label) in zip(panels, PANELS.items(), strict=True):
        for (run, dataset, cell), rows in table.groupby(["run", "dataset", "cell"], sort=False):
            look = {"color": colour[dataset], "linestyle": dash[cell]}
            axes.plot(rows["epoch"], rows[f"train_{measure}"], linewidth=0.7, alpha=0.8, **look)
            axes.plot(rows["epoch"], rows[f"valid_{measure}"], linewidth=1.8, label=run, **look)
        _name(axes, label)
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    figure.suptitle("All runs: validation (thick) and training (thin)")
    return figure


@matplotlib.rc_context(STYLE)
def cells(rows: pd.DataFrame, seconds: pd.Series, dataset: str) -> Figure:
    """The runs on one dataset, cell against cell: validation curves, and seconds per epoch by run."""
    figure = Figure(figsize=(11, 3.4), layout="constrained")
    *panels, bars = figure.subplots(1, 3)
    colour = _keys(rows, "run", COLOURS)
    for axes, (measure, label) in zip(panels, PANELS.items(), strict=True):
        for run, curve in rows.groupby("run", sort=False):
            axes.plot(curve["epoch"], curve[f"valid_{measure}"], color=colour[run], label=run)
        _name(axes, f"validation {label}")
    panels[0].legend()
    shown = bars.bar(list(colour), seconds[list(colour)], color=list(colour.values()), width=0.6)
    bars.bar_label(shown, fmt="%.1f s")
    bars.set_title("seconds per epoch", fontsize=10, loc="left")
    bars.tick_params(axis="x", labelrotation=20)
    bars.grid(visible=False)
    figure.suptitle(f"{' against '.join(rows['cell'].str.upper().unique())} on {dataset}")
    return figure


@matplotlib.rc_context(STYLE | {"axes.grid": False})
def templates(shares: pd.DataFrame) -> Figure:
    """Exact match by template (rows) and run (columns); grey where a dataset has no such row."""
    figure = Figure(figsize=(2.6 + 1.2 * shares.shape[1], 2 + 0.26 * shares.shape[0]), layout="constrained")
    axes = figure.subplots()
    axes.set_facecolor("#dddddd")
    image = axes.imshow(shares, vmin=0, vmax=1, cmap="viridis", aspect="auto")
    axes.set_xticks(range(shares.shape[1]), shares.columns, rotation=25, ha="right")
    axes.set_yticks(range(shares.shape[0]), shares.index, family="monospace")
    for (row, column), share in shares.stack().dropna().items():
        at = shares.columns.get_loc(column), shares.index.get_loc(row)
        axes.text(*at, f"{share:.2f}", ha="center", va="center", fontsize=8, color="black" if share > 0.6 else "white")
    figure.colorbar(image, label="exact match", shrink=0.5)
    axes.set_title("Exact match by template")
    return figure


def _name(axes: Axes, label: str) -> None:
    axes.set_xlabel("epoch")
    axes.set_title(label, fontsize=10, loc="left")


def _keys(table: pd.DataFrame, column: str, looks: tuple) -> dict:
    """A look for each value of the column, in order of appearance; they come round again when used up."""
    return {value: looks[number % len(looks)] for number, value in enumerate(table[column].unique())}
