"""The best network: its accuracy over time, and its wrong answers.

epoch 1, valid_exact_match 0.356; '31*48*24=', tgt 35712, predicted '35504'  ->  Picture('whole-curve', …), …
"""

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from stages.arithmetic import grammar
from stages.page.chance import interval
from stages.page.digits import fixed
from stages.page.gallery import Answer, answer
from stages.page.grids import Cell, Table, count, of_shares, on, share
from stages.page.style import COLOURS, DASHES, MARKERS, Panel, Picture, drawing, keys, legend
from stages.page.whole import Whole, reached, shares

LISTED = 200  # wrong answers listed on the page at most
OTHERS_LISTED = 50  # of each network that does not ship
MARK = 0.97  # an exact match: how long does it take?


def curve(networks: Sequence[Whole]) -> Picture:
    """Shares of correct and of wrong answers against hours."""
    points = reached(networks).assign(wrong=lambda table: 1 - table["exact_match"])
    colours, markers = (keys(points["name"], looks) for looks in (COLOURS, MARKERS))
    panels = []
    for column, title in {"exact_match": "share of correct answers", "wrong": "share of wrong answers"}.items():
        figure, axes = drawing(title, 4.6)
        parts = []
        for (name, ours), own in points.groupby(["name", "ours"], sort=False):
            look = {"color": colours[name], "marker": markers[name], "markersize": 4, "linestyle": DASHES[not ours]}
            axes.plot(own["hours"], own[column], label=name, **look)
            parts.append(f"{name} {fixed(own[column].iloc[-1], 4)} after {own['hours'].iloc[-1]:.3f} hours")
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter("{x:.3g}")
        if column == "wrong":
            axes.set_yscale("log")
        axes.set_xlabel("hours of training")
        legend(figure)
        panels.append(Panel(figure, f"{title.capitalize()}: {'; '.join(parts)}."))
    machines = on(pd.DataFrame([one.row for one in networks]))
    caption = (
        "Share of correct and of wrong held-out answers after so many hours of training: epochs times the mean seconds "
        f"of a pass over the training set. Ours were measured on {machines}; our curves are in training precision, "
        "their last points in float32. The others used GPUs and another random tenth, and report their own figures."
    )
    return Picture("whole-curve", "Exact match against time", caption, panels)


def comparison(networks: Sequence[Whole]) -> Table:
    """The last point of each network, and the first with an exact match of MARK."""
    rows = []
    for _, own in reached(networks).groupby("name", sort=False):
        last, first = own.iloc[-1], own.loc[own["exact_match"] >= MARK, "hours"]
        until = Cell(f"{first.iloc[0]:.3f}", first.iloc[0]) if len(first) else Cell("never", 1e9)
        hours = Cell(f"{last['hours']:.3f}", last["hours"])
        size = count(int(last["parameters"])) if last["ours"] else Cell("")
        sizes = [size, count(last["epoch"]), hours, share(last["exact_match"]), _ends(last), until]
        rows.append([Cell(last["name"]), *sizes, Cell(last["settings"])])
    heads = ["network", "parameters", "epochs", "hours", "exact match", "95 % interval", f"hours to {MARK}", "settings"]
    caption = (
        "One network each: the interval is that of its held-out rows, and another seed may differ by more. All are "
        "trained on nine tenths of all expressions, or of the sample in their settings; hours as above."
    )
    return Table("whole-others", "Compared with others", caption, heads, rows)


def _ends(last: pd.Series) -> Cell:
    if not last["ours"]:
        return Cell("", -1)
    low, high = interval(last["exact_match"], last["rows"])
    return Cell(f"{fixed(low, 4)} to {fixed(high, 4)}", low)


def ranked(whole: Whole) -> pd.Series:
    """The share of correct answers of each template, the best first."""
    return shares(whole.kinds, "template").sort_values(ascending=False, kind="stable")


def by_template(whole: Whole) -> Table:
    return _right(whole, "template", grammar.TEMPLATES, "By template")


def by_length(whole: Whole) -> Table:
    return _right(whole, "length", sorted(whole.kinds["length"].unique()), "By the answer's characters")


def _right(whole: Whole, key: str, order: Sequence, title: str) -> Table:
    """Rows, wrong answers and exact match of each kind."""
    found = whole.kinds.groupby(key)[["rows", "right"]].sum().reindex(order).dropna().astype(int)
    rows = [
        [Cell(str(kind), place), count(one.rows), count(one.rows - one.right), share(one.right / one.rows)]
        for place, (kind, one) in enumerate(found.iterrows())
    ]
    heads = [key if key == "template" else "characters", "held out", "wrong", "exact match"]
    return Table(f"whole-{key}", title, "All held-out rows.", heads, rows)


def in_common(networks: Sequence[Whole]) -> Table:
    """The number of wrong answers of each network, and the shares of them that have something in common."""
    found = pd.DataFrame({one.title: common(one.mistakes) for one in networks})
    caption = "Shares of each network's wrong answers to held-out rows."
    table = of_shares("whole-common", "What the wrong answers have in common", caption, "wrong answers", found)
    numbers = [Cell("number"), *(count(len(one.mistakes)) for one in networks)]
    return replace(table, rows=[numbers, *table.rows])


def common(wrong: pd.DataFrame) -> pd.Series:
    """What wrong answers have in common, each with its share of them; NaN if there are none."""
    predicted, true, template = wrong["predicted"], wrong["tgt"].astype(str), wrong["template"]
    alike = predicted.str.len() == true.str.len()
    pairs = zip(predicted, true, strict=True)
    off = pd.Series([sum(one != two for one, two in zip(*pair, strict=False)) for pair in pairs], wrong.index)
    close = (pd.to_numeric(predicted, errors="coerce") - wrong["tgt"]).abs() <= wrong["tgt"].abs() / 100
    properties = {
        "have a product in the expression": template.str.contains("*", regex=False),
        "multiply an intermediate result, as in (a+b)*c or a*b*c": template.str.contains(r"a\*b\*c|\)\*|\*\("),
        "are as long as the correct answer": alike,
        "have the correct sign": (predicted != "") & (predicted.str.startswith("-") == true.str.startswith("-")),
        "have the correct first character": predicted.str[:1] == true.str[:1],
        "have the correct last digit": predicted.str[-1:] == true.str[-1:],
        "have exactly one wrong character": alike & (off == 1),
        "are within 1 % of the correct value": close,
    }
    return pd.Series({words: found.astype(float).mean() for words, found in properties.items()})


def listed(mistakes: pd.DataFrame, most: int) -> list[Answer]:
    """Up to `most` wrong answers, highest probability first."""
    surest = mistakes.sort_values("probability", ascending=False, kind="stable").head(most)
    return list(map(answer, surest.assign(run="whole", correct=False).itertuples()))
