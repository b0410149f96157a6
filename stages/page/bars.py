"""A bar for each run: exact match, and seconds.

full-lstm, 0.0598; over 5 seeds 0.0726 ± 0.0136  ->  a bar to 0.0726, a line from 0.0590 to 0.0862, a dot at 0.0598
"""

from collections.abc import Iterable

from matplotlib.axes import Axes

from stages.page.chance import interval
from stages.page.results import Results
from stages.page.style import INK, Panel, Picture, beside, drawing, short


def exact_match(results: Results) -> Picture:
    """The mean over seeds with its standard deviation, or one network with the interval of its rows."""
    figure, axes = drawing("share correct, held-out rows", height=1.1 + 0.4 * len(results.metrics))
    parts = []
    for place, (run, correct) in enumerate(results.predictions.groupby("run", sort=False)["correct"]):
        own = correct.mean()
        if repeated := results.repeated.get(run):
            values = repeated.seeds["exact_match"]
            middle, low, high = values.mean(), values.mean() - values.std(), values.mean() + values.std()
            axes.plot(own, place, "o", color=INK, markersize=3.5)
            text = f"{middle:.3f} ± {values.std():.3f}"
            parts.append(f"{run} {text} over {len(values)} seeds, this network {own:.3f}")
        else:
            middle, (low, high), text = own, interval(own, len(correct)), f"{own:.3f}"
            parts.append(f"{run} {text} ({low:.3f} to {high:.3f})")
        bar(axes, results, place, run, middle)
        axes.hlines(place, low, high, color=INK, linewidth=1)
        beside(axes, text, max(high, own), place)
    axes.set_xlim(0, 1.1)
    name_bars(axes, results.metrics["run"])
    return Picture(
        "exact-match", "Exact match", _caption(results), [Panel(figure, f"Exact match: {', '.join(parts)}.")]
    )


def _caption(results: Results) -> str:
    rows = "Thin lines are 95 % intervals (Wilson) over the held-out rows; another seed may change a score by more."
    if not results.repeated:
        return rows
    seeds = "Mean over seeds; the thin line is one standard deviation to either side, the dot the network of this page."
    if results.repeated.keys() >= {*results.metrics["run"]}:
        return seeds
    return f"{', '.join(results.repeated)}: {seeds[0].lower()}{seeds[1:]} The other runs are one network each. {rows}"


def seconds(results: Results, runs: tuple[str, str], dataset: str) -> Panel:
    rows = results.timing[results.timing["run"].isin(runs)]
    figure, axes = drawing(f"{short(dataset)}: seconds", 1.1 + 0.4 * len(rows))
    for place, row in enumerate(rows.itertuples()):
        bar(axes, results, place, row.run, row.seconds_per_epoch)
        beside(axes, f"{row.seconds_per_epoch:.1f} s", row.seconds_per_epoch, place)
    axes.margins(x=0.18)
    name_bars(axes, rows["run"])
    parts = (f"{row.run} {row.seconds_per_epoch:.1f}" for row in rows.itertuples())
    return Panel(figure, f"Seconds per epoch on {dataset}: {', '.join(parts)}.")


def bar(axes: Axes, results: Results, place: int, run: str, value: float) -> None:
    """A bar in the run's colour, filled for a full line and framed by a broken one otherwise."""
    look, thick = results.lines[run], 0.55
    axes.barh(place, value, height=thick, color=look["color"], alpha=0.85 if look["linestyle"] == "-" else 0.3)
    axes.barh(
        place, value, height=thick, fill=False, edgecolor=look["color"], linestyle=look["linestyle"], linewidth=1.5
    )


def name_bars(axes: Axes, runs: Iterable[str]) -> None:
    """The names on the left, the first one on top."""
    names = [short(run) for run in runs]
    axes.set_yticks(range(len(names)), names)
    axes.invert_yaxis()
    axes.grid(visible=False, axis="y")
