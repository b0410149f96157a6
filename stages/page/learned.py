"""What the networks of the whole corpus have learned: rules, or a table? Exact match on what the corpus does not have.

kind 'four operands', 3,000 rows, 83 right  ->  a row 'four operands', 0.0277
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.colors import ListedColormap

from stages.arithmetic import grammar
from stages.page.grids import Table, of_shares
from stages.page.style import COLOURS, Panel, Picture, drawing
from stages.page.whole import Whole, shares

HELD_OUT = "held out"
NO_TWIN = "held out, no training row with its operands and value"
MAP = "#dcc3b2", COLOURS[0]  # wrong, correct


def by_kind(networks: Sequence[Whole]) -> Table:
    """A row for each kind of expression, a column for each network."""
    found = pd.concat({one.title: _shares(one) for one in networks}, axis=1, sort=False).dropna(how="all")
    caption = "One network each: held-out rows, and 3,000 expressions of each kind that the corpus does not have."
    return of_shares("learned-kinds", "By kind of expression", caption, "expressions", found)


def by_template(networks: Sequence[Whole]) -> Table:
    """A row for each template of the corpus, a column for each network."""
    found = pd.DataFrame({one.title: shares(one.kinds, "template") for one in networks})
    caption = "Exact match on the held-out rows of one network each."
    return of_shares("learned-templates", "By template", caption, "template", _ordered(found))


def by_template_and_kind(whole: Whole) -> Table:
    """A row for each template of the corpus, a column for each kind of expression."""
    beyond = whole.beyond[whole.beyond["template"].isin(grammar.TEMPLATES)]
    found = {HELD_OUT: shares(whole.kinds, "template")}
    found |= {kind: shares(rows, "template") for kind, rows in beyond.groupby("kind", sort=False)}
    caption = f"The one network {whole.title}, which ships. An empty cell: the template has fewer operands."
    return of_shares("learned-both", "By template and kind", caption, "template", _ordered(pd.DataFrame(found)))


def new_operands(networks: Sequence[Whole]) -> list[tuple[str, float]]:
    """Title and exact match of each network whose held-out rows were split off by their operands."""
    return [(one.title, one.exact_match) for one in networks if one.point.get("split") == "operands"]


def maps(networks: Sequence[Whole]) -> Picture:
    """For each network that has one and each operator, a square of all pairs of operands, right or wrong."""
    panels = []
    for one in networks:
        for operator, rows in () if one.map is None else one.map.groupby("operator", sort=False):
            square = np.array([list(text) for text in rows["right"]], int)
            figure, axes = drawing(f"{one.title}: a {operator} b", 3.7)
            axes.imshow(square, vmin=0, vmax=1, cmap=ListedColormap(MAP), origin="lower", interpolation="none")
            axes.set_xlabel("b")
            axes.set_ylabel("a")
            axes.grid(visible=False)
            alt = f"{one.title}: {square.sum():,} of {square.size:,} answers to a {operator} b are correct."
            panels.append(Panel(figure, alt))
    caption = (
        "All pairs of operands, also those that the corpus does not have. Strong colour is correct, sand is wrong."
    )
    return Picture("learned-maps", "Sums, differences and products of two operands", caption, panels)


def _shares(whole: Whole) -> pd.Series:
    # Rows measured before the column exact_match_no_twin are empty
    held_out = {HELD_OUT: whole.exact_match, NO_TWIN: whole.row.get("exact_match_no_twin")}
    return pd.concat([pd.Series(held_out, dtype=float), shares(whole.beyond, "kind")])


def _ordered(found: pd.DataFrame) -> pd.DataFrame:
    """The rows in the order of the corpus's templates."""
    return found.reindex([one for one in grammar.TEMPLATES if one in found.index])
