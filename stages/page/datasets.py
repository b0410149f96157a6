"""Pictures of the datasets: templates, operands, lengths and answers of their expressions.

Counts(templates=Series({'a+b': 2500, …}), …) of each dataset  ->  Picture('templates', …)
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.ticker import PercentFormatter

from stages.arithmetic import grammar
from stages.page.results import Results
from stages.page.style import Panel, Picture, drawing, legend, short

NONE = "none"


def templates(results: Results) -> Picture:
    """The share of each template, on a logarithmic axis because templates of two operands are rare."""
    figure, axes = drawing("share of the expressions", height=5.6)
    places = np.arange(len(grammar.TEMPLATES))
    parts = []
    for name, counts in results.counts.items():
        shares = (counts.templates / counts.rows).reindex(grammar.TEMPLATES)
        axes.plot(shares, places, label=short(name), **results.marks[name] | {"linestyle": NONE})
        parts.append(f"{name} {shares.min():.2%} to {shares.max():.2%}")
    axes.set_yticks(places, grammar.TEMPLATES, family="monospace", fontsize=9)
    axes.set_ylim(len(places) - 0.5, -0.5)
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=2))
    legend(figure)
    return Picture(
        "templates",
        "Templates",
        "A template of two operands has far fewer expressions than one of three.",
        [Panel(figure, f"Share of the rarest and of the most common template: {'; '.join(parts)}.")],
    )


def operands(results: Results) -> Picture:
    values = {name: one.operands for name, one in results.counts.items()}
    panel = _shares(results, "value of an operand", values, linestyle=NONE, markersize=3)
    return Picture("operands", "Operands", "Every operand of every expression counts once.", [panel])


def lengths(results: Results) -> Picture:
    drawn = {
        "characters of the expression": {name: _gapless(one.lengths) for name, one in results.counts.items()},
        "characters of the answer": {
            name: _gapless(one.answers.groupby(one.answers.index.astype(str).str.len()).sum())
            for name, one in results.counts.items()
        },
    }
    panels = [_shares(results, title, counted) for title, counted in drawn.items()]
    return Picture(
        "lengths", "Lengths", "The expression is counted without its =; a minus sign is a character.", panels
    )


def answers(results: Results) -> Picture:
    sizes = {name: by_size(one.answers) for name, one in results.counts.items()}
    every = sorted(set().union(*(counted.index for counted in sizes.values())))
    panel = _shares(results, "answer, by sign and digits", sizes, {size: _range(size) for size in every})
    return Picture("answers", "Answers", "How large the correct answers are.", [panel])


def _shares(
    results: Results, title: str, counted: Mapping[str, pd.Series], names: Mapping[int, str] | None = None, **look
) -> Panel:
    """Each dataset's share of each value; `names`, if given, label equally spaced values."""
    figure, axes = drawing(title)
    parts = []
    for name, counts in counted.items():
        places = [list(names).index(value) for value in counts.index] if names else counts.index
        axes.plot(places, counts / counts.sum(), label=short(name), **results.marks[name] | look)
        ends = (names[value] if names else value for value in (counts.index[0], counts.index[-1], counts.idxmax()))
        parts.append("{} from {} to {}, most often {}".format(name, *ends))
    if names:
        axes.set_xticks(range(len(names)), names.values(), rotation=40, ha="right", fontsize=8)
    axes.set_ylim(bottom=0)
    axes.yaxis.set_major_formatter(PercentFormatter(1))
    legend(figure)
    return Panel(figure, f"Shares by {title}: {'; '.join(parts)}.")


def by_size(answers: pd.Series) -> pd.Series:
    """Counts by sign and number of digits, keyed by the value nearest to zero: … -10 (two digits), -1, 0, 1, 10 …"""
    values = answers.index.to_numpy()
    digits = np.array([len(str(abs(value))) for value in values.tolist()])
    return answers.groupby(np.sign(values) * 10 ** (digits - 1)).sum()


def _gapless(counts: pd.Series) -> pd.Series:
    """The counts, with a zero for each number in between that does not occur."""
    return counts.reindex(range(counts.index.min(), counts.index.max() + 1), fill_value=0)


def _range(smallest: int) -> str:
    """The range of values with the same sign and number of digits: -10 is '-99…-10'."""
    if smallest == 0:
        return "0"
    largest = int(smallest * 10 - np.sign(smallest))
    return "…".join(f"{value:,}" for value in sorted((int(smallest), largest)))
