"""A study on the page: a picture of each measure, and a table of the figures.

learning_rate, 15 rows  ->  three panels, a dot for each seed, and a table with a row for each learning rate

Longer than other modules: pictures and table are two views of the same `spots`.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from stages.page.chance import interval
from stages.page.grids import Cell, Table
from stages.page.rows import StudyRows, left_out, measured, word, written
from stages.page.style import COLOURS, MARKERS, Panel, Picture, drawing, keys, legend
from stages.page.verdicts import judge
from stages.studies import design
from stages.studies.measures import BY_NAME
from stages.studies.table import DONE

ROW = 0.26  # inches of a point that has a line of its own


@dataclass(frozen=True)
class Spot:
    """A measure at one place of a study: a value per network, and the interval of a share of one network."""

    names: tuple[str, ...]  # one for each key of `by`
    values: pd.Series
    ends: tuple[float, float] | None

    @property
    def name(self) -> str:
        return ", ".join(self.names)

    @property
    def mean(self) -> float:
        return self.values.mean()


def picture(name: str, study: StudyRows) -> Picture:
    """A panel for each measure: curves over the first key if it is a number and there is a second key, else a line for
    each point. The caption names the commits that measured the rows.
    """
    entry, rows = study
    known = rows.loc[~left_out(rows), entry.by[0]]
    curves = len(entry.by) == 2 and pd.to_numeric(known, errors="coerce").notna().all()
    panels = [(_curves if curves else _lines)(entry, measure, list(spots(study, measure))) for measure in entry.show]
    counted = (~left_out(rows)).sum()
    what = "training" if entry.kind == "trainings" else "measurement"
    caption = f"{counted} {what}{'s' if counted != 1 else ''}. Verdict: {judge(study).verdict}."
    if commits := ", ".join(rows.loc[~left_out(rows), "commit"].dropna().unique()):
        caption += f" Measured with the code of {commits}."
    failed = rows.loc[(rows["status"] != DONE) & ~left_out(rows), "point"]
    if len(failed):
        caption += f" Failed: {', '.join(failed)}."
    waiting = rows[left_out(rows)]
    if len(waiting):
        places = (f"{', '.join(map(word, row[entry.by]))}: {row['status']}" for _, row in waiting.iterrows())
        caption += f" {'; '.join(places)}."
    return Picture(f"study-{name.replace('_', '-')}", entry.question, caption, [panel for panel in panels if panel])


def figures(name: str, study: StudyRows) -> Table:
    """A row for each place: keys, number of networks, and each measure's mean and standard deviation over them."""
    entry, table = study
    found = {measure: {spot.names: spot for spot in spots(study, measure)} for measure in entry.show}
    places = list(dict.fromkeys(place for measure in found.values() for place in measure))
    shown = [spot for measure in found.values() for spot in measure.values()]
    several = max((len(spot.values) for spot in shown), default=0) > 1
    rows = []
    for place in places:
        here = [measure.get(place) for measure in found.values()]
        number = max(len(spot.values) for spot in here if spot)
        rows.append([*map(Cell, place), *([Cell(str(number), number)] if several else []), *map(_cell, here)])
    heads = [*entry.by, *(["networks"] if several else []), *(_title(entry, measure) for measure in entry.show)]
    varied = [name for name in design.SEEDS if name in table and table[name].nunique() > 1]
    over = "seeds and draws together" if len(varied) > 1 else "networks"
    parts = [f"Means over {over} ± standard deviation."] if several else []
    if any(spot.ends for spot in shown):
        parts.append("Of one network in brackets the 95 % interval of its rows; another seed may differ by more.")
    caption = " ".join([*parts, f"reports/studies/{name}.csv has every row."])
    heads = [head.replace("_", " ") for head in heads]
    return Table(f"study-{name.replace('_', '-')}-table", entry.question, caption, heads, rows)


def spots(study: StudyRows, measure: str) -> Iterator[Spot]:
    """The places with a value of the measure, in the order of the table."""
    entry, table = study
    for names, rows in table.groupby([table[key].map(word) for key in entry.by], sort=False):
        values = measured(rows, measure)
        if values.empty:
            continue
        counts = measured(rows, "rows")
        one_network = BY_NAME[measure].of_rows and len(values) == len(counts) == 1
        yield Spot(names, values, interval(values.iloc[0], counts.iloc[0]) if one_network else None)


def _title(entry: design.Study, measure: str) -> str:
    return BY_NAME[measure].title.format(reach=entry.reach)


def _cell(spot: Spot | None) -> Cell:
    if spot is None:
        return Cell("", -1)
    spread = f" ± {spot.values.std():.2g}" if len(spot.values) > 1 and np.isfinite(spot.values).all() else ""
    ends = " ({} to {})".format(*map(written, spot.ends)) if spot.ends else ""
    return Cell(written(spot.mean) + spread + ends, spot.mean)


def _alt(entry: design.Study, measure: str, found: list[Spot]) -> str:
    means = ", ".join(f"{spot.name}: {written(spot.mean)}" for spot in found)
    return f"{measure} at {', '.join(entry.by)}, mean over networks: {means}."


def _lines(entry: design.Study, measure: str, found: list[Spot]) -> Panel | None:
    """A line for each place, from top to bottom."""
    if not found:
        return None
    drawn, axes = drawing(_title(entry, measure), 1.0 + ROW * len(found))
    for height, spot in enumerate(found):
        finite = spot.values[np.isfinite(spot.values)]
        axes.plot(finite, [height] * len(finite), "o", color=COLOURS[0], markersize=4, alpha=0.7)
        if len(finite) == len(spot.values):
            axes.plot(spot.mean, height, "|", color=COLOURS[0], markersize=11, markeredgewidth=1.8)
        else:  # an infinite value cannot be drawn
            lost = f"{len(spot.values) - len(finite)} never"
            axes.text(0.99, height, lost, transform=axes.get_yaxis_transform(), ha="right", va="center", fontsize=9)
        if spot.ends:
            axes.hlines(height, *spot.ends, color=COLOURS[0], linewidth=1)
    axes.margins(x=0.12)
    axes.set_yticks(range(len(found)), [spot.name for spot in found], fontsize=8.5)
    axes.set_ylim(len(found) - 0.5, -0.5)
    axes.locator_params(axis="x", nbins=4)
    drawn.supxlabel(f"by {', '.join(entry.by)}".replace("_", " "), fontsize=9)  # may be wider than the axes
    return Panel(drawn, _alt(entry, measure, found))


def _curves(entry: design.Study, measure: str, found: list[Spot]) -> Panel | None:
    """A curve for each value of the second key, over the first key on a logarithmic axis."""
    if not found:
        return None
    drawn, axes = drawing(_title(entry, measure), 3.2)
    colours, markers = (keys((spot.names[1] for spot in found), looks) for looks in (COLOURS, MARKERS))
    for name, colour in colours.items():
        own = [spot for spot in found if spot.names[1] == name and np.isfinite(spot.mean)]
        places = [float(spot.names[0]) for spot in own]
        look = {"color": colour, "marker": markers[name], "markersize": 4, "linewidth": 1.2}
        axes.plot(places, [spot.mean for spot in own], label=f"{entry.by[1]} {name}".replace("_", " "), **look)
        for place, spot in zip(places, own, strict=True):
            axes.plot([place] * len(spot.values), spot.values, "o", color=colour, markersize=2.5, alpha=0.6)
            if spot.ends:
                axes.vlines(place, *spot.ends, color=colour, linewidth=0.8)
    axes.set_xscale("log", base=2)
    ticks = _apart(sorted({float(spot.names[0]) for spot in found}))
    axes.set_xticks(ticks, [f"{tick:,.10g}" for tick in ticks])
    axes.minorticks_off()
    axes.set_xlabel(entry.by[0].replace("_", " "))
    legend(drawn)
    return Panel(drawn, _alt(entry, measure, found))


def _apart(ticks: list[float]) -> list[float]:
    """Ticks whose labels do not touch: at least a sixth of the logarithmic axis apart."""
    labelled = ticks[:1]
    for tick in ticks[1:]:
        if math.log(tick / labelled[-1]) >= math.log(ticks[-1] / ticks[0]) / 6:
            labelled.append(tick)
    return labelled
