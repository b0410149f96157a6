"""What a study found: its measures against what its points changed, and the verdict that follows by its rule.

unsteadiness 0.09 at lr=0.01 and 0.004 at lr=0.0001, three seeds  ->  ('unsteadiness at lr=0.01 …', 'confirmed')
"""

import math

import numpy as np
import pandas as pd
from scipy.stats import t

from stages import studies
from stages.page.style import COLOURS, Panel, Picture, drawing
from stages.page.verdicts import CHANCE, CONFIRMED, CONTRADICTED, UNMEASURED, Finding, together

NAMES = {"epochs_to_reach": "{} a loss of {reach}"}

Trials = tuple[studies.Study, pd.DataFrame]


def finding(trials: Trials) -> Finding:
    """All comparisons of the rule in words, and the verdict on all of them together."""
    entry, table = trials
    return together([compared(comparison, table) for comparison in entry.rule])


def compared(comparison: studies.Comparison, table: pd.DataFrame) -> Finding:
    """Whether a measure is larger at one point than at another, seed by seed, by more than chance (95 %, Student's t).

    A failed training counts as infinite.
    """
    one, two = (_values(table, point, comparison.larger) for point in (comparison.at, comparison.than_at))
    seeds = one.index.intersection(two.index)
    said = f"{comparison.larger.replace('_', ' ')} at {studies.label(comparison.at)}"
    if seeds.empty:
        return f"{said}: no runs for it yet", UNMEASURED
    middles = one[seeds].mean(), two[seeds].mean()
    said += ": {}, against {} at {}".format(*map(_figure, middles), studies.label(comparison.than_at))
    if np.isinf(middles).any():
        infinite = np.isinf(one[seeds]).all(), np.isinf(two[seeds]).all()
        return said, {(True, False): CONFIRMED, (False, True): CONTRADICTED}.get(infinite, CHANCE)
    difference = one[seeds] - two[seeds]
    if len(seeds) < 2:
        return f"{said}, one seed", CHANCE
    spread = t.ppf(0.975, len(seeds) - 1) * difference.std() / math.sqrt(len(seeds))
    said += f" (difference {difference.mean():+.3g} ± {spread:.2g}, {len(seeds)} seeds)"
    low, high = difference.mean() - spread, difference.mean() + spread
    return said, CONFIRMED if low > 0 else CONTRADICTED if high < 0 else CHANCE


def picture(name: str, trials: Trials) -> Picture:
    """A panel for each measure that the study shows: a dot for each seed, a bar at their mean."""
    entry, table = trials
    places = [", ".join(_word(row[key]) for key in entry.by) for row in table.to_dict("records")]
    names = list(dict.fromkeys(places))
    panels = []
    for measure in entry.show:
        figure, axes = drawing(NAMES.get(measure, "{}").format(measure.replace("_", " "), reach=entry.reach), 2.8)
        values = table[measure].where(table["status"] == "done", np.inf)
        axes.plot([names.index(place) for place in places], values, "o", color=COLOURS[0], markersize=4, alpha=0.7)
        means = values.groupby(places).mean().reindex(names)
        for place, lost in enumerate(np.isinf(values).groupby(places).sum().reindex(names)):
            if lost:  # above all that can be drawn
                axes.text(place, 0.98, f"{lost} never", transform=axes.get_xaxis_transform(), ha="center", va="top")
        axes.plot(range(len(names)), means, "_", color=COLOURS[0], markersize=18, markeredgewidth=1.8)
        axes.margins(y=0.15)
        axes.set_xticks(range(len(names)), names)
        axes.set_xlabel(", ".join(entry.by))
        axes.set_xlim(-0.5, len(names) - 0.5)
        told = ", ".join(f"{place}: {_figure(mean)}" for place, mean in means.items())
        panels.append(Panel(figure, f"{measure} at {', '.join(entry.by)}, mean of the seeds: {told}."))
    failed = table.loc[table["status"] != "done", "point"].tolist()
    said, verdict = finding(trials)
    lost = f" Failed: {', '.join(failed)}." if failed else ""
    caption = f"{len(table)} trainings of {entry.run}. By the rule: {verdict}. {said[:1].upper()}{said[1:]}.{lost}"
    return Picture(f"study-{name.replace('_', '-')}", entry.question, caption, panels)


def _figure(value: float) -> str:
    return "never" if np.isinf(value) else f"{value:.3g}"


def _word(value: object) -> str:
    """64 and 64.0, which a table with gaps makes of it, are the same."""
    return f"{value:g}" if isinstance(value, int | float) else str(value)


def _values(table: pd.DataFrame, point: studies.Point, measure: str) -> pd.Series:
    """The measure of the rows at a point, by seed."""
    rows = table
    for name, value in point.items():
        written = rows[name].map(_word) if name in rows else pd.Series("", rows.index)
        rows = rows[written == _word(value)]
    if rows.empty:
        return pd.Series(dtype=float)
    values = rows[measure].where(rows["status"] == "done", np.inf)
    return values.set_axis(rows["seed"] if "seed" in rows else range(len(rows)))
