"""What the networks of the whole corpus have learned: rules, or a table? Exact match on what the corpus does not have.

kind 'four operands', 3,000 rows, 83 right  ->  a row 'four operands', 0.0277
"""

from collections.abc import Sequence

import pandas as pd

from stages.arithmetic import grammar
from stages.page.grids import Table, of_shares
from stages.page.whole import Whole, shares

HELD_OUT = "held out"
NO_TWIN = "held out, no training row with its operands and value"


def by_kind(networks: Sequence[Whole]) -> Table:
    """A row for each kind of expression, a column for each network."""
    found = pd.DataFrame({one.title: _shares(one) for one in networks}).dropna(how="all")
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


def most_beyond(networks: Sequence[Whole]) -> tuple[str, str, float]:
    """The title, the kind and the exact match of the best network and kind of expression that the corpus lacks."""
    found = [(one.title, kind, share) for one in networks for kind, share in shares(one.beyond, "kind").items()]
    return max(found, key=lambda each: each[2])


def _shares(whole: Whole) -> pd.Series:
    # Rows measured before the column exact_match_no_twin are empty
    held_out = {HELD_OUT: whole.exact_match, NO_TWIN: whole.row.get("exact_match_no_twin")}
    return pd.concat([pd.Series(held_out, dtype=float), shares(whole.beyond, "kind")])


def _ordered(found: pd.DataFrame) -> pd.DataFrame:
    """The rows in the order of the corpus's templates."""
    return found.reindex([one for one in grammar.TEMPLATES if one in found.index])
